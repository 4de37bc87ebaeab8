//! The two block formats of quantised weights, as ggml and GGUF lay them out: `Q8_0` and `Q4_K`.

use bytemuck::{Pod, Zeroable};

/// Weights in a `Q8_0` block.
pub(crate) const QK8_0: usize = 32;

/// Weights in a `Q4_K` block.
pub(crate) const QK_K: usize = 256;

/// 32 weights `d · q`, 34 bytes.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct BlockQ8_0 {
    /// Bits of a half-precision scale.
    pub(crate) d: u16,
    pub(crate) qs: [i8; QK8_0],
}

/// 256 weights in 8 groups of 32, `d · scale · q - dmin · min`, 144 bytes.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct BlockQ4K {
    d: u16,
    dmin: u16,
    /// 8 scales and 8 minima of 6 bits each.
    scales: [u8; 12],
    qs: [u8; QK_K / 2],
}

impl BlockQ8_0 {
    #[inline(always)]
    pub(crate) fn widen(&self, out: &mut [f32]) {
        let d = f16_to_f32(self.d);
        for (out, q) in out.iter_mut().zip(self.qs) {
            *out = d * f32::from(q);
        }
    }
}

impl BlockQ4K {
    /// Scale and minimum of group `j` of 8, as ggml's `get_scale_min_k4`.
    #[inline(always)]
    fn scale_and_min(&self, j: usize) -> (f32, f32) {
        let s = &self.scales;
        let (scale, min) = match j < 4 {
            true => (s[j] & 63, s[j + 4] & 63),
            false => (
                (s[j + 4] & 0x0f) | ((s[j - 4] >> 6) << 4),
                (s[j + 4] >> 4) | ((s[j] >> 6) << 4),
            ),
        };
        (f32::from(scale), f32::from(min))
    }

    #[inline(always)]
    pub(crate) fn widen(&self, out: &mut [f32]) {
        let (d, dmin) = (f16_to_f32(self.d), f16_to_f32(self.dmin));
        for (pair, out) in out.chunks_exact_mut(64).enumerate() {
            let qs = &self.qs[pair * 32..][..32];
            for (half, out) in out.chunks_exact_mut(32).enumerate() {
                let (scale, min) = self.scale_and_min(2 * pair + half);
                for (out, q) in out.iter_mut().zip(qs) {
                    let q = if half == 0 { q & 0x0f } else { q >> 4 };
                    *out = d * scale * f32::from(q) - dmin * min;
                }
            }
        }
    }

    /// Adds the scaled part of the dot product with `x` to `acc`; returns what the minima take away,
    /// by the sums of `x` over each group of 32.
    #[inline(always)]
    pub(crate) fn dot(&self, x: &[f32; QK_K], sums: &[f32], acc: &mut [f32; 16]) -> f32 {
        let (d, dmin) = (f16_to_f32(self.d), f16_to_f32(self.dmin));
        let mut below = 0f32;
        for pair in 0..4 {
            let qs = &self.qs[pair * 32..][..32];
            let ((scale_low, min_low), (scale_high, min_high)) = (
                self.scale_and_min(2 * pair),
                self.scale_and_min(2 * pair + 1),
            );
            let x = &x[pair * 64..][..64];
            let (d_low, d_high) = (d * scale_low, d * scale_high);
            for (i, acc) in acc.iter_mut().enumerate() {
                let (a, b) = (qs[i], qs[16 + i]);
                let low = f32::from(a & 0x0f).mul_add(x[i], f32::from(b & 0x0f) * x[16 + i]);
                let high = f32::from(a >> 4).mul_add(x[32 + i], f32::from(b >> 4) * x[48 + i]);
                *acc = d_low.mul_add(low, d_high.mul_add(high, *acc));
            }
            below += min_low * sums[2 * pair] + min_high * sums[2 * pair + 1];
        }
        dmin * below
    }
}

/// Widens a finite half-precision number; infinities and NaN do not occur in checked weights.
#[inline(always)]
pub(crate) fn f16_to_f32(bits: u16) -> f32 {
    // The exponent is moved by a multiplication, which is exact and does subnormals too.
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(magnitude.to_bits() | (u32::from(bits & 0x8000) << 16))
}
