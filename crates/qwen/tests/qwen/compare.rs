//! Counts what was compared, and fails naming the quantity.

use candle_core::{DType, Tensor};

/// A tally of comparisons; prints itself when it goes.
pub struct Tally {
    what: String,
    compared: usize,
    worst: f64,
}

impl Tally {
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            compared: 0,
            worst: 0.0,
        }
    }

    /// Two tensors of one shape, element by element.
    #[track_caller]
    pub fn close(&mut self, name: &str, ours: &Tensor, reference: &Tensor, tolerance: f64) {
        assert_eq!(
            ours.dims(),
            reference.dims(),
            "{}: {name}: shape",
            self.what
        );
        self.close_values(name, &flat(ours), &flat(reference), tolerance);
    }

    /// Two slices, element by element.
    #[track_caller]
    pub fn close_values(&mut self, name: &str, ours: &[f64], reference: &[f64], tolerance: f64) {
        assert_eq!(ours.len(), reference.len(), "{}: {name}: length", self.what);
        assert!(
            !ours.is_empty(),
            "{}: {name}: nothing to compare",
            self.what
        );
        for (at, (ours, reference)) in ours.iter().zip(reference).enumerate() {
            let difference = (ours - reference).abs();
            assert!(
                difference < tolerance,
                "{}: {name}[{at}]: {ours} instead of {reference}, off by {difference:e}",
                self.what
            );
            self.worst = self.worst.max(difference / tolerance);
        }
        self.compared += ours.len();
    }

    /// Gradients: the norm of the difference over the norm of the reference.
    #[track_caller]
    pub fn close_norm(&mut self, name: &str, ours: &Tensor, reference: &Tensor, tolerance: f64) {
        assert_eq!(
            ours.dims(),
            reference.dims(),
            "{}: {name}: shape",
            self.what
        );
        let (ours, reference) = (flat(ours), flat(reference));
        let difference: f64 = ours
            .iter()
            .zip(&reference)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        let norm: f64 = reference.iter().map(|x| x * x).sum();
        let relative = (difference / norm.max(1e-30)).sqrt();
        assert!(
            relative < tolerance,
            "{}: {name}: off by {relative:e}",
            self.what
        );
        self.worst = self.worst.max(relative / tolerance);
        self.compared += ours.len();
    }

    /// Whole numbers, exactly.
    #[track_caller]
    pub fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        name: &str,
        ours: &[T],
        reference: &[T],
    ) {
        assert_eq!(ours, reference, "{}: {name}", self.what);
        self.compared += ours.len();
    }
}

impl Drop for Tally {
    #[expect(clippy::print_stdout, reason = "the tally is this test's report")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.compared > 0, "{}: nothing was compared", self.what);
            println!(
                "{}: {} quantities compared, worst at {:.3} of its tolerance",
                self.what, self.compared, self.worst
            );
        }
    }
}

/// All elements as f64.
pub fn flat(x: &Tensor) -> Vec<f64> {
    x.flatten_all()
        .unwrap()
        .to_dtype(DType::F64)
        .unwrap()
        .to_vec1()
        .unwrap()
}

/// All elements of a tensor of whole numbers.
pub fn whole(x: &Tensor) -> Vec<i64> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}
