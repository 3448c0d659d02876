//! The inner loops of the matrix form: folding, products and unfolding of a block of columns in registers.
//!
//! A tile is R modes (or points) of a few vectors of columns: R cosine sums and R sine sums a vector. Each pair of points is
//! folded while it is loaded, so the points are read once per tile and nothing is stored between.
//!
//! Every number is computed by the same operations in the same order whatever the width of its vector, so the bits of a
//! column do not depend on its neighbours.

use super::vector::{Plain, Vector};
use sobolev_tensor::Real;

/// Modes or points of the largest tile.
const TILE: usize = 6;

/// A loop over all rows for a few columns, compiled once for each vector.
///
/// # Safety
/// All slices and sizes of an implementation must belong together: see the fields.
pub(super) trait Kernel<T: Real> {
    /// Handles N vectors of columns from `at`. `WIDE` tells that there are 32 vector registers and not 16.
    ///
    /// # Safety
    /// The columns must be there, and the instruction set of V enabled in the function this is inlined into.
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize);
}

/// Runs `kernel` on the columns `0..columns` with the widest vectors of the processor.
///
/// # Safety
/// The columns must be there.
#[inline]
pub(super) unsafe fn run<T: Real>(columns: usize, kernel: &mut impl Kernel<T>) {
    // SAFETY: the instruction sets are detected; columns are passed on.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return if is_x86_feature_detected!("avx512f") {
                avx512(columns, kernel)
            } else {
                avx2(columns, kernel)
            };
        }
        // Four f32 or two f64 are a vector in the base set of x86-64 and of AArch64, which also has fused operations.
        if cfg!(target_arch = "aarch64") {
            walk::<T, _, Plain<T, 4, true>, Plain<T, 2, true>, Plain<T, 1, true>, 2, true>(columns, kernel);
        } else {
            walk::<T, _, Plain<T, 4, false>, Plain<T, 2, false>, Plain<T, 1, false>, 1, false>(
                columns, kernel,
            );
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn avx512<T: Real>(columns: usize, kernel: &mut impl Kernel<T>) {
    use super::vector::x86::{Avx512, Sse};
    // SAFETY: passed on.
    unsafe { walk::<T, _, Avx512<T>, Sse<T>, Plain<T, 1, true>, 2, true>(columns, kernel) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<T: Real>(columns: usize, kernel: &mut impl Kernel<T>) {
    use super::vector::x86::{Avx, Sse};
    // SAFETY: passed on.
    unsafe { walk::<T, _, Avx<T>, Sse<T>, Plain<T, 1, true>, 1, false>(columns, kernel) }
}

/// Blocks of N vectors V, then single ones, then the shorter vectors S and single numbers for the rest.
#[inline(always)]
unsafe fn walk<T, K, V, S, P, const N: usize, const WIDE: bool>(columns: usize, kernel: &mut K)
where
    T: Real,
    K: Kernel<T>,
    V: Vector<T>,
    S: Vector<T>,
    P: Vector<T>,
{
    let mut at = 0;
    // SAFETY: all blocks lie in `0..columns`, which the caller vouches for.
    unsafe {
        while at + N * V::LANES <= columns {
            kernel.block::<V, N, WIDE>(at);
            at += N * V::LANES;
        }
        while at + V::LANES <= columns {
            kernel.block::<V, 1, WIDE>(at);
            at += V::LANES;
        }
        while at + S::LANES <= columns {
            kernel.block::<S, 1, WIDE>(at);
            at += S::LANES;
        }
        while at < columns {
            kernel.block::<P, 1, WIDE>(at);
            at += P::LANES;
        }
    }
}

/// Runs `$tile` for tiles of R = 6, 4 or 2, at most `$most`, that cover `0..$count`.
macro_rules! tiles {
    ($most:expr, $count:expr, |$first:ident, $rows:ident| $tile:expr) => {{
        let (most, count) = ($most, $count);
        let mut $first = 0;
        while $first < count {
            let left = count - $first;
            if most >= TILE && left > 4 {
                const $rows: usize = TILE;
                $tile;
                $first += TILE;
            } else if most >= 4 && left > 2 {
                const $rows: usize = 4;
                $tile;
                $first += 4;
            } else {
                const $rows: usize = 2;
                $tile;
                $first += 2;
            }
        }
    }};
}

/// Rows of a tile of the real axis at most. With 16 registers, tiles of 6 rows leave one to spare, and the compiler then
/// moves sums about: 53 GFLOP/s instead of 90.
const fn real_tile(wide: bool) -> usize {
    if wide { TILE } else { 4 }
}

/// Rows of a tile of the complex axis at most; real and imaginary parts take two registers a sum.
const fn complex_tile(wide: bool) -> usize {
    if wide { TILE } else { 2 }
}

/// Columns that lie together in a table: whole tiles of 6, 4 and 2.
const GROUP: usize = 12;

/// Weights in the order of one direction: `[columns / 12, depth, 2, 12]`, cosines then sines, padded with zeros.
///
/// A tile walks through the depth, so it reads on and on. With all columns of a depth in a row it would jump: 41 GFLOP/s
/// for the inverse of 16 of 4096 modes, whose jumps of 16 KiB meet in one set of the first-level cache.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    depth: usize,
    values: Vec<T>,
}

impl<T: Real> Table<T> {
    /// `entry(i, j)` is the cosine and sine for depth i and column j.
    pub(super) fn new(depth: usize, columns: usize, entry: impl Fn(usize, usize) -> (f64, f64)) -> Self {
        let mut values = vec![T::zero(); columns.div_ceil(GROUP) * depth * 2 * GROUP];
        for (group, rows) in values.chunks_exact_mut(depth * 2 * GROUP).enumerate() {
            for (i, row) in rows.chunks_exact_mut(2 * GROUP).enumerate() {
                for j in 0..GROUP.min(columns - group * GROUP) {
                    let (cosine, sine) = entry(i, group * GROUP + j);
                    row[j] = T::cast(cosine);
                    row[GROUP + j] = T::cast(sine);
                }
            }
        }
        Self { depth, values }
    }

    /// Where the cosines of one depth start at a column; the sines follow [`GROUP`] later.
    #[inline(always)]
    unsafe fn at(&self, depth: usize, column: usize) -> *const T {
        let row = column / GROUP * self.depth + depth;
        // SAFETY: the caller stays inside the depth and the padded columns.
        unsafe { self.values.as_ptr().add(row * 2 * GROUP + column % GROUP) }
    }
}

/// Sums of one tile: R rows of N vectors.
type Sums<V, const N: usize, const R: usize> = [[V; N]; R];

/// `sums_r += weight_r * values` for R weights in a row.
#[inline(always)]
unsafe fn add_products<T: Real, V: Vector<T>, const N: usize, const R: usize>(
    sums: &mut Sums<V, N, R>,
    weights: *const T,
    values: [V; N],
) {
    // SAFETY: the caller vouches for R weights and the instruction set.
    unsafe {
        for r in 0..R {
            let weight = V::splat(*weights.add(r));
            for v in 0..N {
                sums[r][v] = sums[r][v].plus_product(weight, values[v]);
            }
        }
    }
}

/// Whether point j of the half axis `0..=n/2` has a mirror image n - j other than itself.
#[inline(always)]
fn has_partner(n: usize, j: usize) -> bool {
    j > 0 && 2 * j < n
}

/// Points `[n, c]` to modes `[m, 2c]`: `cosine_k = sum_j w_jk x_j`, then the sine sums.
pub(super) struct RealAnalysis<'a, T> {
    pub(super) points: usize,
    pub(super) modes: usize,
    pub(super) channels: usize,
    /// Depth: points of the half axis; columns: modes.
    pub(super) table: &'a Table<T>,
    /// n c values.
    pub(super) x: &'a [T],
    /// 2 m c values.
    pub(super) y: &'a mut [T],
}

impl<T: Real> RealAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const N: usize, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, c) = (self.points, self.channels);
        // SAFETY: rows 0..n of x and 0..m of y hold the columns `at..at + N * LANES` of both parts; the table is padded.
        unsafe {
            let x = self.x.as_ptr().add(at);
            let point = |j: usize, v: usize| V::load(x.add(j * c + v * V::LANES));
            let mut cosine: Sums<V, N, R> = [[V::splat(T::zero()); N]; R];
            let mut sine = cosine;
            let mut even = [V::splat(T::zero()); N];
            let mut odd = even;
            for j in 1..n.div_ceil(2) {
                for v in 0..N {
                    let (a, b) = (point(j, v), point(n - j, v));
                    even[v] = a.plus(b);
                    odd[v] = a.minus(b);
                }
                let weights = self.table.at(j, first);
                add_products(&mut cosine, weights, even);
                add_products(&mut sine, weights.add(GROUP), odd);
            }
            for (j, there) in [(0, true), (n / 2, n.is_multiple_of(2))] {
                if there {
                    for v in 0..N {
                        even[v] = point(j, v);
                    }
                    add_products(&mut cosine, self.table.at(j, first), even);
                }
            }
            let y = self.y.as_mut_ptr().add(at);
            for r in 0..R {
                if first + r < self.modes {
                    for v in 0..N {
                        let to = y.add((first + r) * 2 * c + v * V::LANES);
                        cosine[r][v].store(to);
                        sine[r][v].store(to.add(c));
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for RealAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        // SAFETY: passed on.
        tiles!(real_tile(WIDE), self.modes, |first, R| unsafe { self.tile::<V, N, R>(at, first) });
    }
}

/// Modes `[m, 2c]` to points `[n, c]`: the transpose of [`RealAnalysis`].
pub(super) struct RealSynthesis<'a, T> {
    pub(super) points: usize,
    pub(super) modes: usize,
    pub(super) channels: usize,
    /// Depth: modes; columns: points of the half axis.
    pub(super) table: &'a Table<T>,
    /// 2 m c values.
    pub(super) y: &'a [T],
    /// n c values.
    pub(super) x: &'a mut [T],
    /// Whether to add to `x`.
    pub(super) add: bool,
}

impl<T: Real> RealSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const N: usize, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, c) = (self.points, self.channels);
        // SAFETY: as in `RealAnalysis::tile`.
        unsafe {
            let y = self.y.as_ptr().add(at);
            let mut cosine: Sums<V, N, R> = [[V::splat(T::zero()); N]; R];
            let mut sine = cosine;
            let mut re = [V::splat(T::zero()); N];
            let mut im = re;
            for k in 0..self.modes {
                for v in 0..N {
                    let mode = y.add(k * 2 * c + v * V::LANES);
                    re[v] = V::load(mode);
                    im[v] = V::load(mode.add(c));
                }
                let weights = self.table.at(k, first);
                add_products(&mut cosine, weights, re);
                add_products(&mut sine, weights.add(GROUP), im);
            }
            let x = self.x.as_mut_ptr().add(at);
            for r in 0..R {
                let j = first + r;
                if j <= n / 2 {
                    for v in 0..N {
                        let (a, b) = (cosine[r][v], sine[r][v]);
                        put(x.add(j * c + v * V::LANES), a.plus(b), self.add);
                        if has_partner(n, j) {
                            put(x.add((n - j) * c + v * V::LANES), a.minus(b), self.add);
                        }
                    }
                }
            }
        }
    }
}

/// Writes or adds a vector.
#[inline(always)]
unsafe fn put<T: Real, V: Vector<T>>(to: *mut T, value: V, add: bool) {
    // SAFETY: the caller vouches for the memory and the instruction set.
    unsafe { if add { V::load(to).plus(value).store(to) } else { value.store(to) } }
}

impl<T: Real> Kernel<T> for RealSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        // SAFETY: passed on.
        tiles!(real_tile(WIDE), self.points / 2 + 1, |first, R| unsafe { self.tile::<V, N, R>(at, first) });
    }
}

/// Where the rows of a block of 2c columns lie: row j at `offset + j * stride`, c real parts first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows {
    pub(super) offset: usize,
    pub(super) stride: usize,
}

/// Complex points `[n, 2c]` to the modes 0 .. m-1, -m .. -1 `[2m, 2c]`.
///
/// With the cosine sums A and sine sums B of a mode k > 0, `X_k = A_k - i B_k` and `X_(-k) = A_k + i B_k`; mode 0 is the sum of
/// the points.
pub(super) struct ComplexAnalysis<'a, T> {
    pub(super) points: usize,
    pub(super) modes: usize,
    pub(super) channels: usize,
    /// Depth: points of the half axis; columns: modes 1 .. m.
    pub(super) table: &'a Table<T>,
    /// Factor of mode 0.
    pub(super) scale: T,
    /// Holds n rows of 2c values at `from`.
    pub(super) x: &'a [T],
    pub(super) from: Rows,
    /// Holds 2m rows of 2c values at `to`.
    pub(super) y: &'a mut [T],
    pub(super) to: Rows,
}

impl<T: Real> ComplexAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn point<V: Vector<T>>(&self, at: usize, j: usize) -> [V; 2] {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let x = self.x.as_ptr().add(self.from.offset + j * self.from.stride + at);
            [V::load(x), V::load(x.add(self.channels))]
        }
    }

    #[inline(always)]
    unsafe fn write<V: Vector<T>>(&mut self, at: usize, row: usize, [re, im]: [V; 2]) {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let y = self.y.as_mut_ptr().add(self.to.offset + row * self.to.stride + at);
            re.store(y);
            im.store(y.add(self.channels));
        }
    }

    /// Mode 0.
    #[inline(always)]
    unsafe fn mean<V: Vector<T>>(&mut self, at: usize) {
        // SAFETY: all rows of the fields.
        unsafe {
            let zero = V::splat(T::zero());
            // Even and odd rows apart, so that fewer additions wait for the one before them.
            let mut sums = [[zero; 2]; 2];
            for j in 0..self.points / 2 {
                for half in 0..2 {
                    let x = self.point::<V>(at, 2 * j + half);
                    sums[half] = [sums[half][0].plus(x[0]), sums[half][1].plus(x[1])];
                }
            }
            if !self.points.is_multiple_of(2) {
                let x = self.point::<V>(at, self.points - 1);
                sums[0] = [sums[0][0].plus(x[0]), sums[0][1].plus(x[1])];
            }
            let scale = V::splat(self.scale);
            let [re, im] = [sums[0][0].plus(sums[1][0]), sums[0][1].plus(sums[1][1])];
            self.write(at, 0, [zero.plus_product(scale, re), zero.plus_product(scale, im)]);
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, m) = (self.points, self.modes);
        // SAFETY: rows 0..n of x and 0..2m of y hold the columns; the table is padded.
        unsafe {
            let mut cosine: Sums<V, 2, R> = [[V::splat(T::zero()); 2]; R];
            let mut sine = cosine;
            for j in 1..n.div_ceil(2) {
                let (a, b) = (self.point::<V>(at, j), self.point::<V>(at, n - j));
                let weights = self.table.at(j, first);
                add_products(&mut cosine, weights, [a[0].plus(b[0]), a[1].plus(b[1])]);
                let odd = [a[0].minus(b[0]), a[1].minus(b[1])];
                add_products(&mut sine, weights.add(GROUP), odd);
            }
            for (j, there) in [(0, true), (n / 2, n.is_multiple_of(2))] {
                if there {
                    let x = self.point::<V>(at, j);
                    add_products(&mut cosine, self.table.at(j, first), x);
                }
            }
            for r in 0..R {
                let k = first + r + 1;
                if k <= m {
                    let ([a_re, a_im], [b_re, b_im]) = (cosine[r], sine[r]);
                    self.write(at, 2 * m - k, [a_re.minus(b_im), a_im.plus(b_re)]);
                    if k < m {
                        self.write(at, k, [a_re.plus(b_im), a_im.minus(b_re)]);
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for ComplexAnalysis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        for v in 0..N {
            let at = at + v * V::LANES;
            // SAFETY: passed on.
            unsafe { self.mean::<V>(at) };
            // SAFETY: passed on.
            tiles!(complex_tile(WIDE), self.modes, |first, R| unsafe { self.tile::<V, R>(at, first) });
        }
    }
}

/// Modes `[2m, 2c]` to complex points `[n, 2c]`: the transpose of [`ComplexAnalysis`].
pub(super) struct ComplexSynthesis<'a, T> {
    pub(super) points: usize,
    pub(super) modes: usize,
    pub(super) channels: usize,
    /// Depth: modes 1 .. m; columns: points of the half axis.
    pub(super) table: &'a Table<T>,
    /// Factor of mode 0.
    pub(super) scale: T,
    /// Holds 2m rows of 2c values at `from`.
    pub(super) y: &'a [T],
    pub(super) from: Rows,
    /// Holds n rows of 2c values at `to`.
    pub(super) x: &'a mut [T],
    pub(super) to: Rows,
}

impl<T: Real> ComplexSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn mode<V: Vector<T>>(&self, at: usize, row: usize) -> [V; 2] {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let y = self.y.as_ptr().add(self.from.offset + row * self.from.stride + at);
            [V::load(y), V::load(y.add(self.channels))]
        }
    }

    #[inline(always)]
    unsafe fn write<V: Vector<T>>(&mut self, at: usize, row: usize, [re, im]: [V; 2]) {
        // SAFETY: the caller stays in the rows and columns of the fields.
        unsafe {
            let x = self.x.as_mut_ptr().add(self.to.offset + row * self.to.stride + at);
            re.store(x);
            im.store(x.add(self.channels));
        }
    }

    #[inline(always)]
    unsafe fn tile<V: Vector<T>, const R: usize>(&mut self, at: usize, first: usize) {
        let (n, m) = (self.points, self.modes);
        // SAFETY: rows 0..2m of y and 0..n of x hold the columns; the table is padded.
        unsafe {
            let (zero, scale) = (V::splat(T::zero()), V::splat(self.scale));
            let constant = self.mode::<V>(at, 0).map(|part| zero.plus_product(scale, part));
            let mut cosine: Sums<V, 2, R> = [constant; R];
            let mut sine: Sums<V, 2, R> = [[zero; 2]; R];
            for k in 1..m + 1 {
                let minus = self.mode::<V>(at, 2 * m - k);
                // Of the highest frequency only -m is kept.
                let plus = if k < m { self.mode::<V>(at, k) } else { [zero; 2] };
                let weights = self.table.at(k - 1, first);
                add_products(&mut cosine, weights, [plus[0].plus(minus[0]), plus[1].plus(minus[1])]);
                let odd = [minus[1].minus(plus[1]), plus[0].minus(minus[0])];
                add_products(&mut sine, weights.add(GROUP), odd);
            }
            for r in 0..R {
                let j = first + r;
                if j <= n / 2 {
                    let (a, b) = (cosine[r], sine[r]);
                    self.write(at, j, [a[0].plus(b[0]), a[1].plus(b[1])]);
                    if has_partner(n, j) {
                        self.write(at, n - j, [a[0].minus(b[0]), a[1].minus(b[1])]);
                    }
                }
            }
        }
    }
}

impl<T: Real> Kernel<T> for ComplexSynthesis<'_, T> {
    #[inline(always)]
    unsafe fn block<V: Vector<T>, const N: usize, const WIDE: bool>(&mut self, at: usize) {
        for v in 0..N {
            let at = at + v * V::LANES;
            // SAFETY: passed on.
            tiles!(complex_tile(WIDE), self.points / 2 + 1, |first, R| unsafe {
                self.tile::<V, R>(at, first)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::turn;
    use sobolev_testing::{noise, relative_error};

    #[derive(Debug, Clone, Copy)]
    enum Instructions {
        /// One number at a time: what the others are compared with.
        Single,
        /// As on other processors.
        Plain,
        Avx2,
        Detected,
    }

    impl Instructions {
        fn run<T: Real>(self, columns: usize, kernel: &mut impl Kernel<T>) {
            // SAFETY: the callers' slices fit their sizes, and the instruction set is detected.
            unsafe {
                match self {
                    Self::Single => {
                        type One<T> = Plain<T, 1, false>;
                        walk::<T, _, One<T>, One<T>, One<T>, 1, false>(columns, kernel);
                    }
                    Self::Plain => {
                        walk::<T, _, Plain<T, 4, true>, Plain<T, 2, true>, Plain<T, 1, true>, 2, true>(
                            columns, kernel,
                        );
                    }
                    #[cfg(target_arch = "x86_64")]
                    Self::Avx2 if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") => {
                        avx2(columns, kernel);
                    }
                    Self::Avx2 | Self::Detected => run(columns, kernel),
                }
            }
        }
    }

    /// Results of the four kernels, one after the other.
    fn results<T: Real>(n: usize, m: usize, c: usize, instructions: Instructions) -> Vec<f64> {
        let cast = |values: Vec<f64>| values.into_iter().map(T::cast).collect::<Vec<T>>();
        let half = n / 2 + 1;
        let by_points = Table::<T>::new(half, m, |j, k| turn(j * k, n));
        let by_modes = Table::<T>::new(m, half, |k, j| turn(j * k, n));
        let (x, y) = (cast(noise(n * c, 1)), cast(noise(m * 2 * c, 2)));
        let (mut modes, mut points) = (vec![T::zero(); m * 2 * c], x.clone());
        let (channels, modes_kept) = (c, m);
        let mut kernel =
            RealAnalysis { points: n, modes: modes_kept, channels, table: &by_points, x: &x, y: &mut modes };
        instructions.run(c, &mut kernel);
        let mut kernel = RealSynthesis {
            points: n,
            modes: m,
            channels,
            table: &by_modes,
            y: &y,
            x: &mut points,
            add: true,
        };
        instructions.run(c, &mut kernel);

        // A block in the middle of wider rows.
        let (from, stride) = (3, 2 * c + 5);
        let rows = Rows { offset: from, stride };
        let x = cast(noise(n * stride, 3));
        let y = cast(noise(2 * m * stride, 4));
        let (mut complex_modes, mut complex_points) = (y.clone(), x.clone());
        let scale = T::cast(0.5);
        let mut kernel = ComplexAnalysis {
            points: n,
            modes: m,
            channels,
            table: &by_points,
            scale,
            x: &x,
            from: rows,
            y: &mut complex_modes,
            to: rows,
        };
        instructions.run(c, &mut kernel);
        let mut kernel = ComplexSynthesis {
            points: n,
            modes: m,
            channels,
            table: &by_modes,
            scale,
            y: &y,
            from: rows,
            x: &mut complex_points,
            to: rows,
        };
        instructions.run(c, &mut kernel);
        [modes, points, complex_modes, complex_points].concat().into_iter().map(Real::to_f64).collect()
    }

    /// Widths that need every kind of vector; modes and points that need every height of tile.
    #[test]
    fn every_instruction_set_gives_the_same_numbers() {
        for (n, m, c) in [(7, 3, 1), (8, 4, 5), (23, 9, 23), (85, 12, 71), (30, 13, 36)] {
            let expected = results::<f64>(n, m, c, Instructions::Single);
            for instructions in [Instructions::Plain, Instructions::Avx2, Instructions::Detected] {
                let gap = relative_error(&results::<f64>(n, m, c, instructions), &expected);
                assert!(gap < 1e-15, "{instructions:?}, f64, {n}, {m}, {c}: {gap:e}");
                let gap = relative_error(&results::<f32>(n, m, c, instructions), &expected);
                assert!(gap < 4e-7, "{instructions:?}, f32, {n}, {m}, {c}: {gap:e}");
            }
        }
    }
}
