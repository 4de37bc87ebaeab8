//! Keys and values of what was read already, for each decoder layer.

use candle_core::{Result, Tensor};

/// Positions by which a full cache grows at least.
const STEP: usize = 256;

/// Keys and values of all layers. Grows as needed; a batch's rows share their length.
#[derive(Debug, Default)]
pub struct Cache {
    layers: Vec<Option<Layer>>,
    len: usize,
    room: usize,
}

#[derive(Debug)]
struct Layer {
    k: Tensor,
    v: Tensor,
}

impl Cache {
    /// A cache for `layers` decoder layers with room for `positions` before it must grow.
    pub fn new(layers: usize, positions: usize) -> Self {
        Self {
            layers: (0..layers).map(|_| None).collect(),
            len: 0,
            room: positions,
        }
    }

    /// Positions held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was read yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds keys and values (B, S, G, D) of one layer; returns all of that layer, (B, T, G, D).
    pub(crate) fn append(
        &mut self,
        layer: usize,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let (b, s, groups, d) = k.dims4()?;
        let end = self.len + s;
        let room = self.room.max(end);
        let slot = &mut self.layers[layer];
        let held = match slot.take() {
            Some(held) if held.k.dim(1)? >= end => held,
            old => {
                let room = room.max(end.next_multiple_of(STEP).min(2 * end.max(STEP)));
                let grown = |old: Option<&Tensor>| -> Result<Tensor> {
                    let new = Tensor::zeros((b, room, groups, d), k.dtype(), k.device())?;
                    if let Some(old) = old.filter(|_| self.len > 0) {
                        new.slice_set(&old.narrow(1, 0, self.len)?.contiguous()?, 1, 0)?;
                    }
                    Ok(new)
                };
                Layer {
                    k: grown(old.as_ref().map(|old| &old.k))?,
                    v: grown(old.as_ref().map(|old| &old.v))?,
                }
            }
        };
        held.k.slice_set(&k.contiguous()?, 1, self.len)?;
        held.v.slice_set(&v.contiguous()?, 1, self.len)?;
        let all = (held.k.narrow(1, 0, end)?, held.v.narrow(1, 0, end)?);
        *slot = Some(held);
        Ok(all)
    }

    /// Counts positions that every layer has appended.
    pub(crate) fn advance(&mut self, positions: usize) {
        self.len += positions;
    }
}
