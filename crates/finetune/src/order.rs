//! The run's own random state: everything drawn is a function of the seed and of what it is drawn for,
//! so a run that is resumed draws what an uninterrupted one does, and the step alone is its state.

/// What numbers are drawn for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Draw {
    /// The order of an epoch.
    Order = 1,
    /// The first weights of an adapter's tensor.
    Adapter = 2,
    /// Dropout of a batch.
    Dropout = 3,
}

/// A stream of random numbers for the `number`th thing of a kind.
pub(crate) fn stream(seed: u64, draw: Draw, number: u64) -> fastrand::Rng {
    let mut rng = fastrand::Rng::with_seed(seed);
    for part in [draw as u64, number] {
        rng = fastrand::Rng::with_seed(rng.u64(..) ^ part);
    }
    rng
}

/// All numbers below `n_samples`, in the order of an epoch, from 0.
pub fn of_epoch(seed: u64, epoch: usize, n_samples: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n_samples).collect();
    stream(seed, Draw::Order, epoch as u64).shuffle(&mut order);
    order
}
