//! A chain of stages, differentiated at once or one stage at a time (gradient checkpointing, arXiv
//! 1604.06174): then only the input of each stage is kept, and each is computed again on the way back.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

/// A stretch of the model: one tensor in, one out.
pub(crate) type Stage<'a> = Box<dyn Fn(&Tensor) -> Result<Tensor> + 'a>;

/// Goes through all stages, the last of which gives a scalar, and back. Hands over the gradients of each
/// stretch that was differentiated.
pub(crate) fn backward(
    stages: &[Stage<'_>],
    input: &Tensor,
    recompute: bool,
    take: &mut dyn FnMut(&mut GradStore) -> Result<()>,
) -> Result<()> {
    if !recompute {
        let mut x = input.clone();
        for stage in stages {
            x = stage(&x)?;
        }
        return take(&mut x.backward()?);
    }
    let Some((last, stages)) = stages.split_last() else {
        return Ok(());
    };
    let (mut x, mut inputs) = (input.detach(), Vec::with_capacity(stages.len()));
    // Whether anything before this place learns: if not, no gradient needs to reach it.
    let mut learns_before = false;
    for stage in stages {
        let y = stage(&x)?;
        inputs.push((x, learns_before));
        learns_before |= y.track_op();
        x = y.detach();
    }
    let (mut leaf, x) = leaf(&x, learns_before)?;
    let mut store = last(&x)?.backward()?;
    for (stage, (x, learns_before)) in stages.iter().zip(inputs).rev() {
        let towards = leaf.as_ref().and_then(|leaf| store.remove(leaf));
        take(&mut store)?;
        let Some(towards) = towards else {
            return Ok(());
        };
        let (next, x) = self::leaf(&x, learns_before)?;
        let y = stage(&x)?;
        // The gradient of this sum towards y is `towards`.
        store = (y * towards)?.sum_all()?.backward()?;
        leaf = next;
    }
    take(&mut store)
}

/// A tensor as the beginning of a graph, where gradients are to reach it.
fn leaf(x: &Tensor, wanted: bool) -> Result<(Option<Var>, Tensor)> {
    if !wanted {
        return Ok((None, x.clone()));
    }
    let variable = Var::from_tensor(x)?;
    let x = variable.as_tensor().clone();
    Ok((Some(variable), x))
}
