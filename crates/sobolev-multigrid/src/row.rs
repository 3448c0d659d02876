//! The one inner loop of the crate: a half-row and a sum of products of half-rows.
//!
//! Relaxation, residual, restriction, prolongation, the construction of the interpolation and the Galerkin product all
//! are `out[t] = f(t, sum_k w_k[t] x_k[t])`, where `w_k` and `x_k` are half-rows at fixed distances from a reference point:
//! a list of [`Link`]s made once for each kind of row. Blocks of 32 sums stay in registers while the list is walked, and
//! all points are treated alike up to the padded end of the half-row, so there are no remainders and no special cases at
//! boundaries: ghosts have zero weights.

use crate::storage::LINE;
use crate::vector::Arithmetic;
use sobolev_tensor::Real;

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

impl Links {
    pub(crate) fn is_empty(&self) -> bool {
        self.links.is_empty()
    }
}

/// Smallest and largest distance, 0 included.
type Span = (isize, isize);

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

const HERE: Span = (0, 0);

/// `B` elements from a pointer.
///
/// # Safety
/// They lie inside one array.
#[inline(always)]
unsafe fn load<T: Copy, const B: usize>(pointer: *const T) -> [T; B] {
    // SAFETY: promised by the caller; an array is aligned as its elements.
    unsafe { pointer.cast::<[T; B]>().read() }
}

/// Writes `B` elements from a pointer on.
///
/// # Safety
/// They lie inside one array.
#[inline(always)]
unsafe fn store<T: Copy, const B: usize>(pointer: *mut T, values: [T; B]) {
    // SAFETY: promised by the caller; an array is aligned as its elements.
    unsafe { pointer.cast::<[T; B]>().write(values) }
}

#[inline(always)]
fn combine<T: Copy, const B: usize>(a: [T; B], b: [T; B], f: impl Fn(T, T) -> T) -> [T; B] {
    let mut out = a;
    for i in 0..B {
        out[i] = f(a[i], b[i]);
    }
    out
}

/// What the sums start from and where they go.
///
/// # Safety
/// The methods are called with `t + B` at most the length for which the pointers were checked.
trait Target<T> {
    unsafe fn start<const B: usize>(&self, t: usize) -> [T; B];
    unsafe fn finish<const B: usize>(&self, t: usize, sums: [T; B]);
}

/// Walks over `len` points and hands the sum of products of each to `target`.
#[inline(always)]
fn accumulate<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: *const T,
    values: *const T,
    target: impl Target<T>,
) {
    #[inline(always)]
    unsafe fn block<T: Real, A: Arithmetic, const B: usize>(
        links: &[Link],
        weights: *const T,
        values: *const T,
        target: &impl Target<T>,
        t: usize,
    ) {
        // SAFETY: promised by the caller.
        unsafe {
            let mut sums = target.start::<B>(t);
            for link in links {
                let w: [T; B] = load(weights.offset(link.weight + t as isize));
                let x: [T; B] = load(values.offset(link.value + t as isize));
                for i in 0..B {
                    sums[i] = A::mul_add(w[i], x[i], sums[i]);
                }
            }
            target.finish(t, sums);
        }
    }
    assert!(len.is_multiple_of(LINE), "half-rows are padded to whole lines");
    let mut t = 0;
    // SAFETY: the pointers were checked for len points at all links, and every block ends at or before len.
    unsafe {
        while t + 2 * LINE <= len {
            block::<T, A, { 2 * LINE }>(&links.links, weights, values, &target, t);
            t += 2 * LINE;
        }
        if t < len {
            block::<T, A, LINE>(&links.links, weights, values, &target, t);
        }
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
pub(crate) fn sum<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: At<T>,
    values: At<T>,
    out: AtMut<T>,
    entry: Entry,
) {
    struct Sum<T> {
        out: *mut T,
        entry: Entry,
    }
    impl<T: Real> Target<T> for Sum<T> {
        #[inline(always)]
        unsafe fn start<const B: usize>(&self, t: usize) -> [T; B] {
            // SAFETY: promised by the caller.
            if self.entry == Entry::Add { unsafe { load(self.out.add(t)) } } else { [T::zero(); B] }
        }
        #[inline(always)]
        unsafe fn finish<const B: usize>(&self, t: usize, sums: [T; B]) {
            // SAFETY: promised by the caller.
            unsafe { store(self.out.add(t), sums) }
        }
    }
    let (w, x) = (weights.pointer(links.weights, len), values.pointer(links.values, len));
    accumulate::<T, A>(links, len, w, x, Sum { out: out.pointer(HERE, len), entry });
}

/// Gauss-Seidel update of one colour: `x = (rhs + sum_k w_k x_k) / d`.
#[inline(always)]
pub(crate) fn relax<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: At<T>,
    x: AtMut<T>,
    rhs: At<T>,
    inverse_diagonal: At<T>,
) {
    struct Relax<T> {
        x: *mut T,
        rhs: *const T,
        inverse: *const T,
    }
    impl<T: Real> Target<T> for Relax<T> {
        #[inline(always)]
        unsafe fn start<const B: usize>(&self, t: usize) -> [T; B] {
            // SAFETY: promised by the caller.
            unsafe { load(self.rhs.add(t)) }
        }
        #[inline(always)]
        unsafe fn finish<const B: usize>(&self, t: usize, sums: [T; B]) {
            // SAFETY: promised by the caller.
            unsafe { store(self.x.add(t), combine(sums, load(self.inverse.add(t)), |a, b| a * b)) }
        }
    }
    let w = weights.pointer(links.weights, len);
    let x = x.pointer(links.values, len);
    let (rhs, inverse) = (rhs.pointer(HERE, len), inverse_diagonal.pointer(HERE, len));
    accumulate::<T, A>(links, len, w, x, Relax { x, rhs, inverse });
}

/// `out = rhs - d x + sum_k w_k x_k`.
#[inline(always)]
pub(crate) fn residual<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: At<T>,
    x: At<T>,
    rhs: At<T>,
    diagonal: At<T>,
    out: AtMut<T>,
) {
    struct Residual<T> {
        x: *const T,
        rhs: *const T,
        diagonal: *const T,
        out: *mut T,
    }
    impl<T: Real> Target<T> for Residual<T> {
        #[inline(always)]
        unsafe fn start<const B: usize>(&self, t: usize) -> [T; B] {
            // SAFETY: promised by the caller.
            unsafe {
                let own: [T; B] = combine(load(self.diagonal.add(t)), load(self.x.add(t)), |d, x| d * x);
                combine(load(self.rhs.add(t)), own, |rhs, own| rhs - own)
            }
        }
        #[inline(always)]
        unsafe fn finish<const B: usize>(&self, t: usize, sums: [T; B]) {
            // SAFETY: promised by the caller.
            unsafe { store(self.out.add(t), sums) }
        }
    }
    let w = weights.pointer(links.weights, len);
    let x = x.pointer(links.values, len);
    let target = Residual {
        x,
        rhs: rhs.pointer(HERE, len),
        diagonal: diagonal.pointer(HERE, len),
        out: out.pointer(HERE, len),
    };
    accumulate::<T, A>(links, len, w, x, target);
}

/// `out = sum_k w_k (x - x_k)`.
#[inline(always)]
pub(crate) fn differences<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: At<T>,
    x: At<T>,
    out: AtMut<T>,
) {
    #[inline(always)]
    unsafe fn block<T: Real, A: Arithmetic, const B: usize>(
        links: &[Link],
        weights: *const T,
        x: *const T,
        out: *mut T,
        t: usize,
    ) {
        // SAFETY: promised by the caller.
        unsafe {
            let own: [T; B] = load(x.add(t));
            let mut sums = [T::zero(); B];
            for link in links {
                let w: [T; B] = load(weights.offset(link.weight + t as isize));
                let x: [T; B] = load(x.offset(link.value + t as isize));
                for i in 0..B {
                    sums[i] = A::mul_add(w[i], own[i] - x[i], sums[i]);
                }
            }
            store(out.add(t), sums);
        }
    }
    let w = weights.pointer(links.weights, len);
    let (x, out) = (x.pointer(links.values, len), out.pointer(HERE, len));
    assert!(len.is_multiple_of(LINE), "half-rows are padded to whole lines");
    for t in (0..len).step_by(LINE) {
        // SAFETY: the pointers were checked for len points at all links, and every block ends at or before len.
        unsafe { block::<T, A, LINE>(&links.links, w, x, out, t) };
    }
}

/// `out = 1 / (d - sum_k w_k x_k)`, and 0 where that is not positive (padding, where all is zero).
#[inline(always)]
pub(crate) fn inverse_of_rest<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: At<T>,
    values: At<T>,
    diagonal: At<T>,
    out: AtMut<T>,
) {
    struct Inverse<T> {
        diagonal: *const T,
        out: *mut T,
    }
    impl<T: Real> Target<T> for Inverse<T> {
        #[inline(always)]
        unsafe fn start<const B: usize>(&self, _: usize) -> [T; B] {
            [T::zero(); B]
        }
        #[inline(always)]
        unsafe fn finish<const B: usize>(&self, t: usize, sums: [T; B]) {
            // SAFETY: promised by the caller.
            unsafe {
                let diagonal = load(self.diagonal.add(t));
                store(self.out.add(t), combine(diagonal, sums, |d, s| inverse_or_zero(d - s)));
            }
        }
    }
    let (w, x) = (weights.pointer(links.weights, len), values.pointer(links.values, len));
    let target = Inverse { diagonal: diagonal.pointer(HERE, len), out: out.pointer(HERE, len) };
    accumulate::<T, A>(links, len, w, x, target);
}

/// `out = scale * sum_k w_k x_k`.
#[inline(always)]
pub(crate) fn scaled_sum<T: Real, A: Arithmetic>(
    links: &Links,
    len: usize,
    weights: At<T>,
    values: At<T>,
    scale: At<T>,
    out: AtMut<T>,
) {
    struct Scaled<T> {
        scale: *const T,
        out: *mut T,
    }
    impl<T: Real> Target<T> for Scaled<T> {
        #[inline(always)]
        unsafe fn start<const B: usize>(&self, _: usize) -> [T; B] {
            [T::zero(); B]
        }
        #[inline(always)]
        unsafe fn finish<const B: usize>(&self, t: usize, sums: [T; B]) {
            // SAFETY: promised by the caller.
            unsafe { store(self.out.add(t), combine(sums, load(self.scale.add(t)), |a, b| a * b)) }
        }
    }
    let (w, x) = (weights.pointer(links.weights, len), values.pointer(links.values, len));
    accumulate::<T, A>(
        links,
        len,
        w,
        x,
        Scaled { scale: scale.pointer(HERE, len), out: out.pointer(HERE, len) },
    );
}

/// `1 / value`, or 0 where `value` is not positive.
#[inline(always)]
pub(crate) fn inverse_or_zero<T: Real>(value: T) -> T {
    if value > T::zero() { T::one() / value } else { T::zero() }
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
pub(crate) fn galerkin<T: Real, A: Arithmetic>(
    products: &[Product],
    len: usize,
    interpolation: At<T>,
    weights: At<T>,
    diagonal: At<T>,
    out: AtMut<T>,
) {
    struct Pointers<T> {
        interpolation: *const T,
        weights: *const T,
        diagonal: *const T,
        out: *mut T,
    }
    #[inline(always)]
    unsafe fn block<T: Real, A: Arithmetic, const B: usize>(
        products: &[Product],
        at: &Pointers<T>,
        t: usize,
    ) {
        let t = t as isize;
        let mut sums = [T::zero(); B];
        // SAFETY: promised by the caller.
        unsafe {
            for product in products {
                let mut inner = [T::zero(); B];
                if let Some(own) = product.diagonal {
                    let d: [T; B] = load(at.diagonal.offset(own.weight + t));
                    let x: [T; B] = load(at.interpolation.offset(own.value + t));
                    inner = combine(d, x, |d, x| -(d * x));
                }
                for link in &product.links.links {
                    let w: [T; B] = load(at.weights.offset(link.weight + t));
                    let x: [T; B] = load(at.interpolation.offset(link.value + t));
                    for i in 0..B {
                        inner[i] = A::mul_add(w[i], x[i], inner[i]);
                    }
                }
                let outer: [T; B] = load(at.interpolation.offset(product.outer + t));
                for i in 0..B {
                    sums[i] = A::mul_add(outer[i], inner[i], sums[i]);
                }
            }
            store(at.out.offset(t), sums);
        }
    }
    for product in products {
        interpolation.pointer((product.outer.min(0), product.outer.max(0)), len);
        interpolation.pointer(product.links.values, len);
        weights.pointer(product.links.weights, len);
        if let Some(own) = product.diagonal {
            diagonal.pointer((own.weight.min(0), own.weight.max(0)), len);
            interpolation.pointer((own.value.min(0), own.value.max(0)), len);
        }
    }
    let at = Pointers {
        interpolation: interpolation.pointer(HERE, len),
        weights: weights.pointer(HERE, len),
        diagonal: diagonal.pointer(HERE, len),
        out: out.pointer(HERE, len),
    };
    assert!(len.is_multiple_of(LINE), "half-rows are padded to whole lines");
    let mut t = 0;
    // SAFETY: every row was checked for len points, and every block ends at or before len.
    unsafe {
        while t + 2 * LINE <= len {
            block::<T, A, { 2 * LINE }>(products, &at, t);
            t += 2 * LINE;
        }
        if t < len {
            block::<T, A, LINE>(products, &at, t);
        }
    }
}
