//! The passes of Stockham's algorithm on one vector of columns.
//!
//! Loops here call no closures with vectors in them: what the compiler does not inline it compiles without the instruction set.

use crate::vector::{Plain, Vector};
use sobolev_tensor::Real;
#[cfg(target_arch = "x86_64")]
use sobolev_tensor::simd::{InstructionSet, Vectors};
use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// The largest odd radix; lengths with larger prime factors have another algorithm.
pub(super) const LARGEST_RADIX: usize = 13;

/// Work on whole vectors of columns, compiled once for each kind of vector.
pub(super) trait Work<T: Real> {
    /// Does it.
    ///
    /// # Safety
    /// The pointers must be good for what the work describes, and the instruction set of V enabled in the function this is
    /// inlined into.
    unsafe fn run<V: Vector<T>>(self);
}

/// Does `work` with the vectors of this processor.
///
/// # Safety
/// The pointers must be good for what the work describes.
#[inline]
pub(super) unsafe fn dispatch<T: Real>(work: impl Work<T>) {
    // SAFETY: the instruction sets are detected; the rest is passed on.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        match InstructionSet::detected().vectors() {
            Vectors::Avx512 => return avx512(work),
            Vectors::Avx2 => return avx2(work),
            Vectors::Base => {}
        }
        // A vector of 32 bytes in several registers.
        const FUSED: bool = cfg!(target_arch = "aarch64");
        if size_of::<T>() == 4 { work.run::<Plain<T, 8, FUSED>>() } else { work.run::<Plain<T, 4, FUSED>>() }
    }
}

/// The same vectors with twice as many registers, which radix 8 needs.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
unsafe fn avx512<T: Real>(work: impl Work<T>) {
    // SAFETY: passed on.
    unsafe { work.run::<crate::vector::x86::Avx<T>>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<T: Real>(work: impl Work<T>) {
    // SAFETY: passed on.
    unsafe { work.run::<crate::vector::x86::Avx<T>>() }
}

/// Rows of one vector of columns: row i has its real parts at `base + offsets[i] + real`.
#[derive(Clone, Copy)]
pub(super) struct Place<T> {
    pub(super) base: *mut T,
    pub(super) offsets: *const usize,
    pub(super) real: usize,
    pub(super) imaginary: usize,
}

impl<T: Real> Place<T> {
    #[inline(always)]
    pub(super) unsafe fn load<V: Vector<T>>(self, row: usize) -> [V; 2] {
        // SAFETY: the caller vouches for the row.
        unsafe {
            let at = self.base.add(*self.offsets.add(row));
            [V::load(at.add(self.real)), V::load(at.add(self.imaginary))]
        }
    }

    #[inline(always)]
    pub(super) unsafe fn store<V: Vector<T>>(self, row: usize, value: [V; 2]) {
        // SAFETY: the caller vouches for the row.
        unsafe {
            let at = self.base.add(*self.offsets.add(row));
            value[0].store(at.add(self.real));
            value[1].store(at.add(self.imaginary));
        }
    }
}

/// Of a single column: numbers from `first` on.
impl<T: Real> Place<T> {
    #[inline(always)]
    unsafe fn along<V: Vector<T>>(self, first: usize) -> [V; 2] {
        // SAFETY: the caller vouches for the numbers.
        unsafe {
            let at = self.base.add(first);
            [V::load(at.add(self.real)), V::load(at.add(self.imaginary))]
        }
    }

    #[inline(always)]
    unsafe fn along_store<V: Vector<T>>(self, first: usize, value: [V; 2]) {
        // SAFETY: the caller vouches for the numbers.
        unsafe {
            let at = self.base.add(first);
            value[0].store(at.add(self.real));
            value[1].store(at.add(self.imaginary));
        }
    }
}

/// One pass: butterflies of `radix` rows, `count * run` of them, `run` being what the passes before have done.
#[derive(Debug, Clone)]
pub(super) struct Pass<T> {
    radix: usize,
    count: usize,
    run: usize,
    /// `[count, radix - 1, 2]`: powers of `exp(-2 pi i / (radix count))`.
    twiddles: Vec<T>,
    /// `[radix - 1, 2, count]`: the same, neighbours in p beside each other.
    lines: Vec<T>,
    /// Cosines and sines of an odd radix, `[(radix - 1)/2, (radix - 1)/2, 2]`.
    roots: Vec<T>,
}

/// The passes of a transform of `points` rows, when all its factors have a radix.
pub(super) fn passes<T: Real>(points: usize) -> Option<Vec<Pass<T>>> {
    let mut rest = points;
    let mut odd = Vec::new();
    for radix in (3..=LARGEST_RADIX).step_by(2) {
        while rest.is_multiple_of(radix) {
            odd.push(radix);
            rest /= radix;
        }
    }
    if !rest.is_power_of_two() {
        return None;
    }
    // The largest first: a single column is vectorised over runs of at least a vector, but for the first pass.
    let mut radices = Vec::new();
    let mut bits = rest.trailing_zeros();
    while bits > 0 {
        // 16 = 4 * 4 is cheaper than 8 * 2.
        let power = if bits == 4 || bits == 2 { 2 } else { bits.min(3) };
        radices.push(1 << power);
        bits -= power;
    }
    radices.extend(odd);
    let mut run = 1;
    let mut left = points;
    let mut passes = Vec::new();
    for radix in radices {
        left /= radix;
        passes.push(Pass {
            radix,
            count: left,
            run,
            twiddles: twiddles(radix, left),
            lines: if run == 1 { lines(radix, left) } else { Vec::new() },
            roots: roots(radix),
        });
        run *= radix;
    }
    Some(passes)
}

fn twiddles<T: Real>(radix: usize, count: usize) -> Vec<T> {
    let angle = |p: usize, k: usize| -TAU * (p * k) as f64 / (radix * count) as f64;
    let powers = (0..count).flat_map(|p| (1..radix).map(move |k| angle(p, k)));
    powers.flat_map(|angle| [T::cast(angle.cos()), T::cast(angle.sin())]).collect()
}

fn lines<T: Real>(radix: usize, count: usize) -> Vec<T> {
    let twiddles = twiddles(radix, count);
    let at = |p: usize, k: usize, part: usize| twiddles[2 * ((radix - 1) * p + k) + part];
    let places = (0..radix - 1).flat_map(|k| [(k, 0), (k, 1)]);
    places
        .flat_map(|(k, part)| (0..count).map(move |p| (p, k, part)))
        .map(|(p, k, part)| at(p, k, part))
        .collect()
}

fn roots<T: Real>(radix: usize) -> Vec<T> {
    let half = if radix.is_multiple_of(2) { 0 } else { radix / 2 };
    let angle = |j: usize, k: usize| TAU * (j * k % radix) as f64 / radix as f64;
    let all = (1..=half).flat_map(|k| (1..=half).map(move |j| angle(j, k)));
    all.flat_map(|angle| [T::cast(angle.cos()), T::cast(angle.sin())]).collect()
}

impl<T: Real> Pass<T> {
    /// Runs it from one place to another.
    ///
    /// # Safety
    /// Both places must have all rows of the transform, and not overlap.
    #[inline(always)]
    pub(super) unsafe fn run<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        // SAFETY: passed on.
        unsafe {
            match self.radix {
                2 => self.butterflies::<V, 2>(from, to, 0..self.count),
                3 => self.butterflies::<V, 3>(from, to, 0..self.count),
                4 => self.butterflies::<V, 4>(from, to, 0..self.count),
                5 => self.butterflies::<V, 5>(from, to, 0..self.count),
                7 => self.butterflies::<V, 7>(from, to, 0..self.count),
                8 => self.butterflies::<V, 8>(from, to, 0..self.count),
                11 => self.butterflies::<V, 11>(from, to, 0..self.count),
                _ => self.butterflies::<V, LARGEST_RADIX>(from, to, 0..self.count),
            }
        }
    }

    #[inline(always)]
    unsafe fn butterflies<V: Vector<T>, const R: usize>(
        &self,
        from: Place<T>,
        to: Place<T>,
        range: std::ops::Range<usize>,
    ) {
        let (count, run) = (self.count, self.run);
        // SAFETY: rows below radix * count * run, the length of the transform; twiddles as made.
        unsafe {
            for q in 0..if range.start == 0 { run } else { 0 } {
                let mut x = [[V::splat(T::zero()); 2]; R];
                for (j, x) in x.iter_mut().enumerate() {
                    *x = from.load(q + run * count * j);
                }
                self.butterfly::<V, R>(&mut x);
                for (k, value) in x.into_iter().enumerate() {
                    to.store(q + run * k, value);
                }
            }
            for p in range.start.max(1)..range.end {
                let twiddles = self.twiddles.as_ptr().add(2 * (R - 1) * p);
                let mut turn = [[V::splat(T::zero()); 2]; R];
                for (k, turn) in turn.iter_mut().enumerate().skip(1) {
                    let at = twiddles.add(2 * k - 2);
                    *turn = [V::splat(*at), V::splat(*at.add(1))];
                }
                for q in 0..run {
                    let mut x = [[V::splat(T::zero()); 2]; R];
                    for (j, x) in x.iter_mut().enumerate() {
                        *x = from.load(q + run * (p + count * j));
                    }
                    self.butterfly::<V, R>(&mut x);
                    to.store(q + run * R * p, x[0]);
                    for k in 1..R {
                        to.store(q + run * (R * p + k), product(x[k], turn[k]));
                    }
                }
            }
        }
    }

    /// Runs it on a single column: the numbers of one butterfly are loaded from as many vectors along the column.
    ///
    /// # Safety
    /// As for [`run`](Self::run), with consecutive offsets; `to` must have one vector more when this is the first pass.
    #[inline(always)]
    pub(super) unsafe fn run_along<V: Vector<T>>(&self, from: Place<T>, to: Place<T>) {
        // SAFETY: passed on.
        unsafe {
            match self.radix {
                2 => self.along::<V, 2>(from, to),
                3 => self.along::<V, 3>(from, to),
                4 => self.along::<V, 4>(from, to),
                5 => self.along::<V, 5>(from, to),
                7 => self.along::<V, 7>(from, to),
                8 => self.along::<V, 8>(from, to),
                11 => self.along::<V, 11>(from, to),
                _ => self.along::<V, LARGEST_RADIX>(from, to),
            }
        }
    }

    #[inline(always)]
    unsafe fn along<V: Vector<T>, const R: usize>(&self, from: Place<T>, to: Place<T>) {
        // SAFETY: passed on.
        unsafe {
            if self.run.is_multiple_of(V::LANES) {
                self.along_runs::<V, R>(from, to);
            } else if self.run == 1 {
                self.along_counts::<V, R>(from, to);
            } else if V::FUSED {
                self.butterflies::<Plain<T, 1, true>, R>(from, to, 0..self.count);
            } else {
                self.butterflies::<Plain<T, 1, false>, R>(from, to, 0..self.count);
            }
        }
    }

    /// Neighbours in q: the butterflies of a run have the same twiddles.
    #[inline(always)]
    unsafe fn along_runs<V: Vector<T>, const R: usize>(&self, from: Place<T>, to: Place<T>) {
        let (count, run) = (self.count, self.run);
        // SAFETY: as in `butterflies`.
        unsafe {
            for p in 0..count {
                let twiddles = self.twiddles.as_ptr().add(2 * (R - 1) * p);
                for q in (0..run).step_by(V::LANES) {
                    let mut x = [[V::splat(T::zero()); 2]; R];
                    for (j, x) in x.iter_mut().enumerate() {
                        *x = from.along(q + run * (p + count * j));
                    }
                    self.butterfly::<V, R>(&mut x);
                    for k in 0..R {
                        if p > 0 && k > 0 {
                            let at = twiddles.add(2 * k - 2);
                            x[k] = product(x[k], [V::splat(*at), V::splat(*at.add(1))]);
                        }
                        to.along_store(q + run * (R * p + k), x[k]);
                    }
                }
            }
        }
    }

    /// Neighbours in p: each butterfly has its twiddles, and its results stand together.
    #[inline(always)]
    unsafe fn along_counts<V: Vector<T>, const R: usize>(&self, from: Place<T>, to: Place<T>) {
        let count = self.count;
        let whole = count / V::LANES * V::LANES;
        let chunks = R.div_ceil(V::LANES);
        // SAFETY: as in `butterflies`; twiddles as made. A vector that is stored over the end of a butterfly's results is
        // stored over again by the next one, the last one over padding.
        unsafe {
            for p in (0..whole).step_by(V::LANES) {
                let mut x = [[V::splat(T::zero()); 2]; R];
                for (j, x) in x.iter_mut().enumerate() {
                    *x = from.along(p + count * j);
                }
                self.butterfly::<V, R>(&mut x);
                for k in 1..R {
                    let at = self.lines.as_ptr().add(2 * (k - 1) * count + p);
                    x[k] = product(x[k], [V::load(at), V::load(at.add(count))]);
                }
                for part in 0..2 {
                    // 13 results at most, in blocks of at least 4.
                    let mut blocks = [[V::splat(T::zero()); 8]; 4];
                    for k in 0..R {
                        blocks[k / V::LANES][k % V::LANES] = x[k][part];
                    }
                    let plane = to.base.add(if part == 0 { to.real } else { to.imaginary });
                    for block in &mut blocks[..chunks] {
                        V::transpose(block.as_mut_ptr());
                    }
                    for lane in 0..V::LANES {
                        for (chunk, block) in blocks[..chunks].iter().enumerate() {
                            block[lane].store(plane.add(R * (p + lane) + chunk * V::LANES));
                        }
                    }
                }
            }
            // The first one again, without the twiddles of one, which would turn the sign of some zeros; and the rest.
            for rest in [0..1, whole.max(1)..count] {
                if V::FUSED {
                    self.butterflies::<Plain<T, 1, true>, R>(from, to, rest);
                } else {
                    self.butterflies::<Plain<T, 1, false>, R>(from, to, rest);
                }
            }
        }
    }

    /// A transform of R numbers.
    #[inline(always)]
    unsafe fn butterfly<V: Vector<T>, const R: usize>(&self, x: &mut [[V; 2]; R]) {
        // SAFETY: the instruction set is the caller's; the roots are those of R.
        unsafe {
            match R {
                2 => [x[0], x[1]] = [sum(x[0], x[1]), difference(x[0], x[1])],
                4 => {
                    let four = transform4([x[0], x[1], x[2], x[3]]);
                    x.copy_from_slice(&four);
                }
                8 => {
                    let eight = transform8([x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]]);
                    x.copy_from_slice(&eight);
                }
                _ => odd::<V, T, R>(x, self.roots.as_ptr()),
            }
        }
    }
}

#[inline(always)]
unsafe fn sum<T: Real, V: Vector<T>>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    // SAFETY: the instruction set is the caller's. The same holds below.
    unsafe { [a[0].plus(b[0]), a[1].plus(b[1])] }
}

#[inline(always)]
unsafe fn difference<T: Real, V: Vector<T>>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    // SAFETY: as above.
    unsafe { [a[0].minus(b[0]), a[1].minus(b[1])] }
}

/// `a - i b`
#[inline(always)]
unsafe fn minus_i<T: Real, V: Vector<T>>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    // SAFETY: as above.
    unsafe { [a[0].plus(b[1]), a[1].minus(b[0])] }
}

/// `a + i b`
#[inline(always)]
unsafe fn plus_i<T: Real, V: Vector<T>>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    // SAFETY: as above.
    unsafe { [a[0].minus(b[1]), a[1].plus(b[0])] }
}

/// `a b`
#[inline(always)]
pub(super) unsafe fn product<T: Real, V: Vector<T>>(a: [V; 2], b: [V; 2]) -> [V; 2] {
    // SAFETY: as above.
    unsafe { [a[0].times(b[0]).minus_product(a[1], b[1]), a[0].times(b[1]).plus_product(a[1], b[0])] }
}

#[inline(always)]
unsafe fn transform4<T: Real, V: Vector<T>>(x: [[V; 2]; 4]) -> [[V; 2]; 4] {
    // SAFETY: as above.
    unsafe {
        let (a, b) = (sum(x[0], x[2]), difference(x[0], x[2]));
        let (c, d) = (sum(x[1], x[3]), difference(x[1], x[3]));
        [sum(a, c), minus_i(b, d), difference(a, c), plus_i(b, d)]
    }
}

#[inline(always)]
unsafe fn transform8<T: Real, V: Vector<T>>(x: [[V; 2]; 8]) -> [[V; 2]; 8] {
    // SAFETY: as above.
    unsafe {
        let even = transform4([x[0], x[2], x[4], x[6]]);
        let odd = transform4([x[1], x[3], x[5], x[7]]);
        let root = V::splat(T::cast(FRAC_1_SQRT_2));
        // exp(-i pi/4) and exp(-3 i pi/4) times odd[1] and odd[3]; odd[2] is turned by -i.
        let [re, im] = odd[1];
        let first = [re.plus(im).times(root), im.minus(re).times(root)];
        let [re, im] = odd[3];
        // The negative of the product, so that sum and difference change places.
        let third = [re.minus(im).times(root), re.plus(im).times(root)];
        [
            sum(even[0], odd[0]),
            sum(even[1], first),
            minus_i(even[2], odd[2]),
            difference(even[3], third),
            difference(even[0], odd[0]),
            difference(even[1], first),
            plus_i(even[2], odd[2]),
            sum(even[3], third),
        ]
    }
}

/// An odd number of points: rows j and R - j are folded into sum and difference, so that cosines and sines are met once.
#[inline(always)]
unsafe fn odd<V: Vector<T>, T: Real, const R: usize>(x: &mut [[V; 2]; R], roots: *const T) {
    // SAFETY: the instruction set is the caller's; there are ((R - 1)/2)^2 pairs of roots.
    unsafe {
        let half = R / 2;
        let first = x[0];
        let mut folded = *x;
        for j in 1..=half {
            folded[j] = sum(x[j], x[R - j]);
            folded[R - j] = difference(x[j], x[R - j]);
            x[0] = sum(x[0], folded[j]);
        }
        for k in 1..=half {
            let mut even = first;
            let mut odd = [V::splat(T::zero()); 2];
            for j in 1..=half {
                let at = roots.add(2 * ((k - 1) * half + j - 1));
                let (cosine, sine) = (V::splat(*at), V::splat(*at.add(1)));
                for part in 0..2 {
                    even[part] = even[part].plus_product(cosine, folded[j][part]);
                    odd[part] = odd[part].plus_product(sine, folded[R - j][part]);
                }
            }
            x[k] = minus_i(even, odd);
            x[R - k] = plus_i(even, odd);
        }
    }
}
