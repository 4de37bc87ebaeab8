//! Dropout whose mask is a function of a seed and a place, so that a layer computed again in the
//! backward drops the same elements, and nothing of a mask is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Dropout before a low-rank update. All layers of a model share the seed that their trainer sets; with
/// none set, as in evaluation, nothing is dropped.
#[derive(Debug, Clone)]
pub struct Dropout {
    rate: f32,
    /// Zero for none.
    seed: Arc<AtomicU64>,
    /// Tells the layers apart.
    layer: u64,
}

impl Dropout {
    /// Drops a share `rate` of elements, at least 0 and below 1; off until a seed is set.
    pub fn new(rate: f32) -> Self {
        Self {
            rate,
            seed: Arc::default(),
            layer: 0,
        }
    }

    /// The same for another layer: one seed, another mask.
    pub(crate) fn of_layer(&self, layer: u64) -> Self {
        Self {
            layer,
            ..self.clone()
        }
    }

    /// Sets the seed of all layers until it is set again; `None` turns dropout off.
    pub fn set_seed(&self, seed: Option<u64>) {
        let seed = seed.map_or(0, |seed| seed.max(1));
        self.seed.store(seed, Ordering::Relaxed);
    }

    /// The mask as it stands now.
    pub(super) fn mask(&self) -> Option<Mask> {
        let seed = self.seed.load(Ordering::Relaxed);
        (seed != 0 && self.rate > 0.0).then(|| Mask {
            seed: scramble(seed ^ scramble(self.layer)),
            rate: self.rate,
        })
    }
}

/// Which elements are dropped.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask {
    seed: u64,
    rate: f32,
}

impl Mask {
    /// Multiplies elements, the first of which is number `first`, by 0 or by `1 / (1 - rate)`.
    #[inline(always)]
    pub(super) fn apply(&self, first: usize, x: &mut [f32]) {
        let kept = 1.0 / (1.0 - self.rate);
        for (number, x) in (first as u64..).zip(x) {
            *x *= if self.drops(number) { 0.0 } else { kept };
        }
    }

    /// What each of `n` elements is multiplied by.
    pub(super) fn factors(&self, n: usize) -> Vec<f32> {
        let mut factors = vec![1.0; n];
        self.apply(0, &mut factors);
        factors
    }

    #[inline(always)]
    fn drops(&self, number: u64) -> bool {
        // 24 bits are what an f32 holds exactly.
        let draw = (scramble(self.seed.wrapping_add(number)) >> 40) as f32;
        draw < self.rate * (1u32 << 24) as f32
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): neighbours give values without likeness.
#[inline(always)]
fn scramble(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
