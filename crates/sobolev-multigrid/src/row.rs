//! The one inner loop of the crate: a half-row and a sum of products of half-rows.
//!
//! Relaxation, residual, restriction, prolongation, the construction of the interpolation and the Galerkin product all
//! are `out[t] = f(t, sum_k w_k[t] x_k[t])`, where `w_k` and `x_k` are half-rows at fixed distances from a reference point:
//! a list of [`Link`]s made once for each kind of row. The sums of two cache lines stay in registers while the list is
//! walked, and all points are treated alike up to the padded end of the half-row, so there are no remainders and no special
//! cases at boundaries: ghosts have zero weights.

use crate::storage::LINE;
use sobolev_tensor::Real;
use sobolev_tensor::simd::fused;

/// A product in a sum: distances of weight and value from their reference points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) weight: isize,
    pub(crate) value: isize,
}

/// The products of a sum, with the span of their distances, so that a whole row is checked against its arrays at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    links: Vec<Link>,
    weights: Span,
    values: Span,
}

/// Smallest and largest distance, 0 included.
type Span = (isize, isize);

const HERE: Span = (0, 0);

impl FromIterator<Link> for Links {
    fn from_iter<I: IntoIterator<Item = Link>>(links: I) -> Self {
        let links: Vec<Link> = links.into_iter().collect();
        let span = |distance: fn(&Link) -> isize| {
            let all = || links.iter().map(distance).chain([0]);
            (all().min().unwrap_or(0), all().max().unwrap_or(0))
        };
        Self { weights: span(|link| link.weight), values: span(|link| link.value), links }
    }
}

impl Links {
    pub(crate) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }
}

/// A position in an array that is read.
#[derive(Clone, Copy)]
pub(crate) struct At<'a, T>(pub(crate) &'a [T], pub(crate) usize);

impl<T> At<'_, T> {
    /// The position, after a check that `len` elements from every distance in `span` lie in the array.
    #[inline(always)]
    fn pointer(self, span: Span, len: usize) -> *const T {
        check(self.0.len(), self.1, span, len);
        self.0.as_ptr().wrapping_add(self.1)
    }
}

/// A position in an array that is written.
pub(crate) struct AtMut<'a, T>(pub(crate) &'a mut [T], pub(crate) usize);

impl<T> AtMut<'_, T> {
    #[inline(always)]
    fn pointer(self, span: Span, len: usize) -> *mut T {
        check(self.0.len(), self.1, span, len);
        self.0.as_mut_ptr().wrapping_add(self.1)
    }
}

#[inline(always)]
fn check(total: usize, at: usize, span: Span, len: usize) {
    let inside = at as isize + span.0 >= 0 && at as isize + span.1 + len as isize <= total as isize;
    assert!(inside, "a row reaches outside its array");
}

/// The elements that are kept in registers together.
type Line<T> = [T; LINE];

/// A line from a pointer.
///
/// # Safety
/// It lies inside one array.
#[inline(always)]
unsafe fn load<T: Copy>(pointer: *const T) -> Line<T> {
    // SAFETY: promised by the caller; an array is aligned as its elements.
    unsafe { pointer.cast::<Line<T>>().read() }
}

/// Writes a line at a pointer.
///
/// # Safety
/// It lies inside one array.
#[inline(always)]
unsafe fn store<T: Copy>(pointer: *mut T, line: Line<T>) {
    // SAFETY: promised by the caller; an array is aligned as its elements.
    unsafe { pointer.cast::<Line<T>>().write(line) }
}

#[inline(always)]
fn combine<T: Copy>(a: Line<T>, b: Line<T>, f: impl Fn(T, T) -> T) -> Line<T> {
    std::array::from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn add_product<T: Real, const FUSED: bool>(sums: &mut Line<T>, w: Line<T>, x: Line<T>) {
    for i in 0..LINE {
        sums[i] = fused::<FUSED, _>(w[i], x[i], sums[i]);
    }
}

/// Half-rows are padded to whole lines; a loop over lines would reach past the end of any other length.
#[inline(always)]
fn whole_lines(len: usize) -> usize {
    assert!(len.is_multiple_of(LINE), "half-rows are padded to whole lines");
    len
}

/// Walks over `len` points: `finish(t, start(t) + sum_k w_k x_k)` for each line.
///
/// # Safety
/// `len` elements from every link lie inside the arrays of `weights` and `values`, and `start` and `finish` may be called
/// for every line of `len` points.
#[inline(always)]
unsafe fn accumulate<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: *const T,
    values: *const T,
    start: impl Fn(usize) -> Line<T>,
    finish: impl Fn(usize, Line<T>),
) {
    let len = whole_lines(len);
    let at = |link: &Link, t: usize| {
        (weights.wrapping_offset(link.weight + t as isize), values.wrapping_offset(link.value + t as isize))
    };
    let mut t = 0;
    while t + 2 * LINE <= len {
        let (mut first, mut second) = (start(t), start(t + LINE));
        for link in &links.links {
            let (w, x) = at(link, t);
            // SAFETY: promised by the caller.
            unsafe {
                add_product::<T, FUSED>(&mut first, load(w), load(x));
                add_product::<T, FUSED>(&mut second, load(w.add(LINE)), load(x.add(LINE)));
            }
        }
        finish(t, first);
        finish(t + LINE, second);
        t += 2 * LINE;
    }
    if t < len {
        let mut sums = start(t);
        for link in &links.links {
            let (w, x) = at(link, t);
            // SAFETY: promised by the caller.
            unsafe { add_product::<T, FUSED>(&mut sums, load(w), load(x)) };
        }
        finish(t, sums);
    }
}

/// How a sum enters its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `out = sum`
    Set,
    /// `out = out + sum`
    Add,
}

/// `out = sum_k w_k x_k`, or the same added to `out`.
#[inline(always)]
pub(crate) fn sum<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: At<T>,
    values: At<T>,
    out: AtMut<T>,
    entry: Entry,
) {
    let (w, x) = (weights.pointer(links.weights, len), values.pointer(links.values, len));
    let out = out.pointer(HERE, len);
    // SAFETY: every pointer was checked for len points.
    unsafe {
        accumulate::<T, FUSED>(
            links,
            len,
            w,
            x,
            #[inline(always)]
            |t| if entry == Entry::Add { load(out.add(t)) } else { [T::zero(); LINE] },
            #[inline(always)]
            |t, sums| store(out.add(t), sums),
        );
    }
}

/// `out = scale * sum_k w_k x_k`.
#[inline(always)]
pub(crate) fn scaled_sum<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: At<T>,
    values: At<T>,
    scale: At<T>,
    out: AtMut<T>,
) {
    let (w, x) = (weights.pointer(links.weights, len), values.pointer(links.values, len));
    let (scale, out) = (scale.pointer(HERE, len), out.pointer(HERE, len));
    // SAFETY: every pointer was checked for len points.
    unsafe {
        accumulate::<T, FUSED>(
            links,
            len,
            w,
            x,
            #[inline(always)]
            |_| [T::zero(); LINE],
            #[inline(always)]
            |t, sums| store(out.add(t), combine(sums, load(scale.add(t)), |a, b| a * b)),
        );
    }
}

/// Gauss-Seidel update of one colour: `x = (rhs + sum_k w_k x_k) / d`.
#[inline(always)]
pub(crate) fn relax<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: At<T>,
    x: AtMut<T>,
    rhs: At<T>,
    inverse_diagonal: At<T>,
) {
    let (w, x) = (weights.pointer(links.weights, len), x.pointer(links.values, len));
    let (rhs, inverse) = (rhs.pointer(HERE, len), inverse_diagonal.pointer(HERE, len));
    // SAFETY: every pointer was checked for len points.
    unsafe {
        accumulate::<T, FUSED>(
            links,
            len,
            w,
            x,
            #[inline(always)]
            |t| load(rhs.add(t)),
            #[inline(always)]
            |t, sums| store(x.add(t), combine(sums, load(inverse.add(t)), |a, b| a * b)),
        );
    }
}

/// `out = rhs - d x + sum_k w_k x_k`.
#[inline(always)]
pub(crate) fn residual<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: At<T>,
    x: At<T>,
    rhs: At<T>,
    diagonal: At<T>,
    out: AtMut<T>,
) {
    let (w, x) = (weights.pointer(links.weights, len), x.pointer(links.values, len));
    let (rhs, diagonal) = (rhs.pointer(HERE, len), diagonal.pointer(HERE, len));
    let out = out.pointer(HERE, len);
    // SAFETY: every pointer was checked for len points.
    unsafe {
        accumulate::<T, FUSED>(
            links,
            len,
            w,
            x,
            #[inline(always)]
            |t| {
                let own = combine(load(diagonal.add(t)), load(x.add(t)), |d, x| d * x);
                combine(load(rhs.add(t)), own, |rhs, own| rhs - own)
            },
            #[inline(always)]
            |t, sums| store(out.add(t), sums),
        );
    }
}

/// What a diagonal entry has beyond the couplings of its row is rounding up to this multiple of machine epsilon times the entry.
const ROUNDING: f64 = 64.0;

/// The inverse of what interpolation divides by: `out = 1 / (c + e)` with `c` the couplings towards the points between which the
/// point lies, found in `out`, and `e = d - c - sum_k w_k x_k` what the diagonal has beyond all couplings. `e` counts only where it is
/// more than rounding: where the couplings of the sum are strong and `c` is weak, weights that do not add up to one would let
/// coarse grids see a sink that is not there. For the same reason `c` may have any sign. 0 in the padding.
#[inline(always)]
pub(crate) fn inverse_of_rest<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: At<T>,
    values: At<T>,
    diagonal: At<T>,
    out: AtMut<T>,
) {
    let (w, x) = (weights.pointer(links.weights, len), values.pointer(links.values, len));
    let (diagonal, out) = (diagonal.pointer(HERE, len), out.pointer(HERE, len));
    let rounding = T::cast(ROUNDING) * T::EPSILON;
    // SAFETY: every pointer was checked for len points.
    unsafe {
        accumulate::<T, FUSED>(
            links,
            len,
            w,
            x,
            #[inline(always)]
            |_| [T::zero(); LINE],
            #[inline(always)]
            |t, sums| {
                let excess = combine(load(diagonal.add(t)), sums, |d, s| d - s);
                let small = combine(load(diagonal.add(t)), sums, |d, _| d * rounding);
                let excess = combine(excess, load(out.add(t)), |e, c| e - c);
                let excess = combine(excess, small, |e, small| if e > small { e } else { T::zero() });
                store(out.add(t), combine(load(out.add(t)), excess, |c, e| inverse_unless_zero(c + e)));
            },
        );
    }
}

/// `1 / value`, or 0 for 0.
#[inline(always)]
fn inverse_unless_zero<T: Real>(value: T) -> T {
    if value == T::zero() { T::zero() } else { T::one() / value }
}

/// `1 / value`, or 0 where `value` is not positive.
#[inline(always)]
pub(crate) fn inverse_or_zero<T: Real>(value: T) -> T {
    if value > T::zero() { T::one() / value } else { T::zero() }
}

/// `out = sum_k w_k (x - x_k)`.
#[inline(always)]
pub(crate) fn differences<T: Real, const FUSED: bool>(
    links: &Links,
    len: usize,
    weights: At<T>,
    x: At<T>,
    out: AtMut<T>,
) {
    let (weights, x) = (weights.pointer(links.weights, len), x.pointer(links.values, len));
    let out = out.pointer(HERE, len);
    for t in (0..whole_lines(len)).step_by(LINE) {
        // SAFETY: every pointer was checked for len points.
        unsafe {
            let own = load(x.add(t));
            let mut sums = [T::zero(); LINE];
            for link in &links.links {
                let w = load(weights.offset(link.weight + t as isize));
                let other = load(x.offset(link.value + t as isize));
                add_product::<T, FUSED>(&mut sums, w, combine(own, other, |own, other| own - other));
            }
            store(out.add(t), sums);
        }
    }
}

/// A row of the Galerkin product for one coarse offset: `out = sum_f P_f (sum_k w_k x_k - d_f x_f)`, the outer sum over the
/// fine points `f` around a coarse point.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    /// Distance of `P_f`.
    pub(crate) outer: isize,
    /// Distances of `d_f` and `x_f`, where the fine point itself is interpolated from the other coarse point.
    pub(crate) diagonal: Option<Link>,
    /// The couplings of the fine point.
    pub(crate) links: Links,
}

/// Evaluates a sum of [`Product`]s. `interpolation` holds `P` and `x`, `weights` and `diagonal` the fine couplings.
#[inline(always)]
pub(crate) fn galerkin<T: Real, const FUSED: bool>(
    products: &[Product],
    len: usize,
    interpolation: At<T>,
    weights: At<T>,
    diagonal: At<T>,
    out: AtMut<T>,
) {
    let reach = |distance: isize| (distance.min(0), distance.max(0));
    for product in products {
        interpolation.pointer(reach(product.outer), len);
        interpolation.pointer(product.links.values, len);
        weights.pointer(product.links.weights, len);
        if let Some(own) = product.diagonal {
            diagonal.pointer(reach(own.weight), len);
            interpolation.pointer(reach(own.value), len);
        }
    }
    let (interpolation, weights) = (interpolation.pointer(HERE, len), weights.pointer(HERE, len));
    let (diagonal, out) = (diagonal.pointer(HERE, len), out.pointer(HERE, len));
    for t in (0..whole_lines(len)).step_by(LINE) {
        let mut sums = [T::zero(); LINE];
        // SAFETY: every row was checked for len points.
        unsafe {
            let (interpolation, weights) = (interpolation.add(t), weights.add(t));
            for product in products {
                let mut inner = [T::zero(); LINE];
                if let Some(own) = product.diagonal {
                    let d = load(diagonal.offset(own.weight + t as isize));
                    inner = combine(d, load(interpolation.offset(own.value)), |d, x| -(d * x));
                }
                for link in &product.links.links {
                    let (w, x) = (weights.offset(link.weight), interpolation.offset(link.value));
                    add_product::<T, FUSED>(&mut inner, load(w), load(x));
                }
                add_product::<T, FUSED>(&mut sums, load(interpolation.offset(product.outer)), inner);
            }
            store(out.add(t), sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sobolev_tensor::simd::{InstructionSet, Kernel, run_on};
    use sobolev_testing::{noise, relative_error};

    /// A row operation as all of them are: a list of products.
    struct Row<'a>(&'a Links, &'a [f64], &'a mut [f64]);

    impl Kernel for Row<'_> {
        type Output = ();

        #[inline(always)]
        fn call<const FUSED: bool>(self) {
            sum::<f64, FUSED>(self.0, 48, At(self.1, 1), At(self.1, 50), AtMut(self.2, 0), Entry::Set);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_to_rounding() {
        let links: Links = (0..5).map(|k| Link { weight: 7 * k, value: k - 1 }).collect();
        let data = noise(128, 1);
        let expected: Vec<f64> =
            (0..48_usize).map(|t| (0..5).map(|k| data[1 + t + 7 * k] * data[50 + t + k - 1]).sum()).collect();
        for set in InstructionSet::available() {
            let mut out = vec![0.0; 48];
            run_on(set, Row(&links, &data, &mut out));
            // Five roundings of terms below one.
            assert!(relative_error(&out, &expected) < 1e-15, "{set:?}");
        }
    }
}
