//! Orthonormal cosine and sine transforms along chosen axes of channels-last arrays.
//!
//! All kinds are orthogonal matrices (`norm="ortho"` in SciPy), so the inverse is the transpose and the Euclidean norm is kept:
//!
//! | kind | `y_k =` | basis of | inverse |
//! |---|---|---|---|
//! | cosine II | `s_k sum_j x_j cos(pi (j + 1/2) k / n)` | Neumann data at cell centres | cosine III |
//! | sine II | `s_(n-1-k) sum_j x_j sin(pi (j + 1/2) (k + 1) / n)` | Dirichlet data at cell centres | sine III |
//! | sine I | `sqrt(2/(n+1)) sum_j x_j sin(pi (j + 1) (k + 1) / (n + 1))` | Dirichlet data at the n inner nodes | itself |
//! | cosine IV | `sqrt(2/n) sum_j x_j cos(pi (j + 1/2) (k + 1/2) / n)` | cell centres, Neumann below, Dirichlet above | itself |
//! | sine IV | `sqrt(2/n) sum_j x_j sin(pi (j + 1/2) (k + 1/2) / n)` | cell centres, Dirichlet below, Neumann above | itself |
//! | periodic | `s_0 Re X_0`, `s_k Re X_k`, `s_k Im X_k`, .., `s_0 X_(n/2)` for even n | periodic data | periodic inverse |
//!
//! with `s_0 = sqrt(1/n)`, `s_k = sqrt(2/n)` otherwise, and `X_k = sum_j x_j exp(-2 pi i j k / n)`. The periodic kind lets an
//! axis without walls stand beside others: place 0 belongs to wave 0, places 2k - 1 and 2k to wave k. All but sine I are fast
//! for n = 2^a 3^b 5^c, sine I for n + 1 of this form.

use crate::lines::{LANES, LineBuffers, Spread, around_axis, transform_lines};
use crate::scratch::ScratchPool;
use crate::shape::{check_array, check_grid, check_length, contiguous, from_vec};
use ndarray::{Array, ArrayView, Dimension};
use num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustdct::{DctPlanner, TransformType2And3, TransformType4};
use sobolev_tensor::{Error, Real, Result};
use std::fmt;
use std::sync::Arc;

/// A cosine or sine transform of one axis; the module page has the formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SineCosine {
    /// From values at cell centres to coefficients of cosines (zero slope at both ends).
    CosineII,
    /// From coefficients of cosines to values at cell centres.
    CosineIII,
    /// Between values at the inner nodes and coefficients of sines (zero value at both ends).
    SineI,
    /// From values at cell centres to coefficients of sines (zero value at both ends).
    SineII,
    /// From coefficients of sines to values at cell centres.
    SineIII,
    /// Between values at cell centres and coefficients of cosines with zero slope below and zero value above.
    CosineIV,
    /// Between values at cell centres and coefficients of sines with zero value below and zero slope above.
    SineIV,
    /// From values on a periodic axis to coefficients of cosines and sines of whole waves.
    Periodic,
    /// From coefficients of whole waves to values on a periodic axis.
    PeriodicInverse,
}

impl SineCosine {
    /// The kind that undoes this one; also its transpose.
    #[must_use]
    pub fn inverse(self) -> Self {
        match self {
            Self::CosineII => Self::CosineIII,
            Self::CosineIII => Self::CosineII,
            Self::SineI => Self::SineI,
            Self::SineII => Self::SineIII,
            Self::SineIII => Self::SineII,
            Self::CosineIV => Self::CosineIV,
            Self::SineIV => Self::SineIV,
            Self::Periodic => Self::PeriodicInverse,
            Self::PeriodicInverse => Self::Periodic,
        }
    }
}

/// Cosine and sine transforms of arrays `[batch, x1, .., xd, channels]`, d = 1, 2 or 3, planned once for one grid.
///
/// Works on several threads; the bits of a sample depend neither on their number nor on the rest of the batch.
///
/// ```
/// use ndarray::Array3;
/// use sobolev_fft::{SineCosine, SineCosinePlan};
/// let plan = SineCosinePlan::<f64>::new(&[6], &[Some(SineCosine::CosineII)])?;
/// let x = Array3::from_elem((1, 6, 2), 3.0);
/// let y = plan.forward(x.view())?;
/// assert!((y[[0, 0, 0]] - 3.0 * 6_f64.sqrt()).abs() < 1e-14 && y[[0, 1, 0]].abs() < 1e-14);
/// assert!((plan.inverse(y.view())? - x).iter().all(|v| v.abs() < 1e-14));
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Clone)]
pub struct SineCosinePlan<T: Real> {
    grid: Vec<usize>,
    axes: Vec<Option<LineTransform<T>>>,
    buffers: ScratchPool<LineBuffers<T, Work<T>>>,
}

impl<T: Real> SineCosinePlan<T> {
    /// Plan for the spatial shape `grid`, with the transform of each axis or `None` where the axis is left alone.
    ///
    /// # Errors
    /// [`Error::Shape`] when `grid` has no or more than 3 axes or one of them is empty; [`Error::Value`] when `kinds` has
    /// another length.
    pub fn new(grid: &[usize], kinds: &[Option<SineCosine>]) -> Result<Self> {
        check_grid(grid)?;
        if kinds.len() != grid.len() {
            return Err(Error::value("kinds", format!("{} entries, one an axis", grid.len()), kinds.len()));
        }
        let (mut planner, mut real_planner) = (DctPlanner::new(), RealFftPlanner::new());
        let axes: Vec<Option<LineTransform<T>>> = grid
            .iter()
            .zip(kinds)
            .map(|(&n, kind)| kind.map(|kind| LineTransform::new(n, kind, &mut planner, &mut real_planner)))
            .collect();
        let longest = grid.iter().copied().max().unwrap_or(1);
        let lengths = axes.iter().flatten().map(LineTransform::work_lengths);
        let [real, spectrum, fft] =
            lengths.fold([0; 3], |a, b| std::array::from_fn(|i| usize::max(a[i], b[i])));
        Ok(Self {
            grid: grid.to_vec(),
            axes,
            buffers: ScratchPool::new(move || LineBuffers {
                lines: vec![T::zero(); LANES * longest],
                work: Work {
                    real: vec![T::zero(); real],
                    spectrum: vec![Complex::default(); spectrum],
                    fft: vec![Complex::default(); fft],
                },
            }),
        })
    }

    /// The spatial shape.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// The transform of each axis.
    pub fn kinds(&self) -> Vec<Option<SineCosine>> {
        self.axes.iter().map(|axis| axis.as_ref().map(|a| a.kind)).collect()
    }

    /// Transform of `x` `[batch, x1, .., xd, channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the plan's.
    pub fn forward<D: Dimension>(&self, x: ArrayView<'_, T, D>) -> Result<Array<T, D>> {
        let (batch, channels) = check_array("x", x.shape(), &self.grid)?;
        let mut data = contiguous(&x.as_standard_layout()).to_vec();
        self.forward_in_place(batch, channels, &mut data)?;
        from_vec(x.raw_dim(), data)
    }

    /// Inverse, and transpose, of [`SineCosinePlan::forward`].
    ///
    /// # Errors
    /// [`Error::Shape`] when the spatial axes are not the plan's.
    pub fn inverse<D: Dimension>(&self, y: ArrayView<'_, T, D>) -> Result<Array<T, D>> {
        let (batch, channels) = check_array("y", y.shape(), &self.grid)?;
        let mut data = contiguous(&y.as_standard_layout()).to_vec();
        self.inverse_in_place(batch, channels, &mut data)?;
        from_vec(y.raw_dim(), data)
    }

    /// [`SineCosinePlan::forward`] in place, without an allocation after the first call.
    ///
    /// # Errors
    /// [`Error::Shape`] when the slice has not the length that `batch`, the grid and `channels` give.
    pub fn forward_in_place(&self, batch: usize, channels: usize, data: &mut [T]) -> Result<()> {
        self.apply(batch, channels, data, |kind| kind)
    }

    /// [`SineCosinePlan::inverse`] in place, without an allocation after the first call.
    ///
    /// # Errors
    /// [`Error::Shape`] when the slice has not the length that `batch`, the grid and `channels` give.
    pub fn inverse_in_place(&self, batch: usize, channels: usize, data: &mut [T]) -> Result<()> {
        self.apply(batch, channels, data, SineCosine::inverse)
    }

    fn apply(
        &self,
        batch: usize,
        channels: usize,
        data: &mut [T],
        which: impl Fn(SineCosine) -> SineCosine + Sync,
    ) -> Result<()> {
        check_length("data", batch, &self.grid, channels, data.len())?;
        let spread = Spread::choose(batch, data.len());
        let values = self.grid.iter().product::<usize>() * channels;
        spread.over_samples(data.chunks_exact_mut(values), |sample| {
            for (axis, line) in self.axes.iter().enumerate() {
                let Some(line) = line else { continue };
                let kind = which(line.kind);
                let shape = around_axis(&self.grid, channels, axis);
                transform_lines(sample, shape, spread, &self.buffers, |lines, work| {
                    lines.chunks_exact_mut(line.points).for_each(|values| line.apply(kind, values, work));
                });
            }
        });
        Ok(())
    }
}

impl<T: Real> fmt::Debug for SineCosinePlan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SineCosinePlan")
            .field("grid", &self.grid)
            .field("kinds", &self.kinds())
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct LineTransform<T: Real> {
    points: usize,
    kind: SineCosine,
    plan: Plan<T>,
}

#[derive(Clone)]
enum Plan<T> {
    /// Real Fourier transform of the odd extension, 2 (n + 1) points. rustdct's own type I takes twice the work and
    /// reads two values of its scratch that it never wrote.
    One(Arc<dyn RealToComplex<T>>),
    TwoAndThree(Arc<dyn TransformType2And3<T>>),
    Four(Arc<dyn TransformType4<T>>),
    Periodic(Arc<dyn RealToComplex<T>>, Arc<dyn ComplexToReal<T>>),
}

struct Work<T> {
    real: Vec<T>,
    spectrum: Vec<Complex<T>>,
    fft: Vec<Complex<T>>,
}

impl<T: Real> LineTransform<T> {
    fn new(
        points: usize,
        kind: SineCosine,
        planner: &mut DctPlanner<T>,
        real_planner: &mut RealFftPlanner<T>,
    ) -> Self {
        let plan = match kind {
            SineCosine::SineI => Plan::One(real_planner.plan_fft_forward(2 * (points + 1))),
            SineCosine::CosineIV | SineCosine::SineIV => Plan::Four(planner.plan_dct4(points)),
            SineCosine::Periodic | SineCosine::PeriodicInverse => {
                Plan::Periodic(real_planner.plan_fft_forward(points), real_planner.plan_fft_inverse(points))
            }
            _ => Plan::TwoAndThree(planner.plan_dct2(points)),
        };
        Self { points, kind, plan }
    }

    /// Lengths of the three parts of [`Work`].
    fn work_lengths(&self) -> [usize; 3] {
        match &self.plan {
            Plan::One(plan) => [plan.len(), plan.complex_len(), plan.get_scratch_len()],
            Plan::TwoAndThree(plan) => [plan.get_scratch_len(), 0, 0],
            Plan::Four(plan) => [plan.get_scratch_len(), 0, 0],
            Plan::Periodic(forward, inverse) => {
                let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
                [forward.len(), forward.complex_len(), scratch]
            }
        }
    }

    /// rustdct leaves out the factors of the module page; its types III count the term that stands alone half.
    fn apply(&self, kind: SineCosine, line: &mut [T], work: &mut Work<T>) {
        let n = self.points;
        let last = n - 1;
        let half = T::FRAC_1_SQRT_2();
        let scale = T::cast((2.0 / n as f64).sqrt());
        match (&self.plan, kind) {
            (Plan::One(plan), _) => return sine_one(plan.as_ref(), line, work),
            (Plan::Periodic(_, inverse), SineCosine::PeriodicInverse) => {
                return from_waves(inverse.as_ref(), line, work);
            }
            (Plan::Periodic(forward, _), _) => return to_waves(forward.as_ref(), line, work),
            (Plan::Four(plan), SineCosine::SineIV) => plan.process_dst4_with_scratch(line, &mut work.real),
            (Plan::Four(plan), _) => plan.process_dct4_with_scratch(line, &mut work.real),
            (Plan::TwoAndThree(plan), SineCosine::CosineII) => {
                plan.process_dct2_with_scratch(line, &mut work.real);
                line[0] *= half;
            }
            (Plan::TwoAndThree(plan), SineCosine::CosineIII) => {
                line[0] *= T::SQRT_2();
                plan.process_dct3_with_scratch(line, &mut work.real);
            }
            (Plan::TwoAndThree(plan), SineCosine::SineIII) => {
                line[last] *= T::SQRT_2();
                plan.process_dst3_with_scratch(line, &mut work.real);
            }
            (Plan::TwoAndThree(plan), _) => {
                plan.process_dst2_with_scratch(line, &mut work.real);
                line[last] *= half;
            }
        }
        line.iter_mut().for_each(|v| *v *= scale);
    }
}

/// Sine I as `-Im X_(k+1) / 2` of the odd extension `0, x_0, .., x_(n-1), 0, -x_(n-1), .., -x_0`.
fn sine_one<T: Real>(plan: &dyn RealToComplex<T>, line: &mut [T], work: &mut Work<T>) {
    let n = line.len();
    let extension = &mut work.real[..plan.len()];
    extension[0] = T::zero();
    extension[1..=n].copy_from_slice(line);
    extension[n + 1] = T::zero();
    for (mirrored, &value) in extension[n + 2..].iter_mut().zip(line.iter().rev()) {
        *mirrored = -value;
    }
    let spectrum = &mut work.spectrum[..plan.complex_len()];
    let done = plan.process_with_scratch(extension, spectrum, &mut work.fft);
    debug_assert!(done.is_ok(), "all lengths are the plan's");
    let scale = T::cast(-(0.5 / (n + 1) as f64).sqrt());
    for (value, z) in line.iter_mut().zip(&spectrum[1..]) {
        *value = z.im * scale;
    }
}

/// Coefficients of whole waves, orthonormal: the mean, then cosine and sine of each wave.
fn to_waves<T: Real>(plan: &dyn RealToComplex<T>, line: &mut [T], work: &mut Work<T>) {
    let n = line.len();
    let row = &mut work.real[..n];
    row.copy_from_slice(line);
    let spectrum = &mut work.spectrum[..plan.complex_len()];
    let done = plan.process_with_scratch(row, spectrum, &mut work.fft);
    debug_assert!(done.is_ok(), "all lengths are the plan's");
    let alone = T::cast((1.0 / n as f64).sqrt());
    let scale = T::cast((2.0 / n as f64).sqrt());
    line[0] = spectrum[0].re * alone;
    for (pair, z) in line[1..].chunks_mut(2).zip(&spectrum[1..]) {
        match pair {
            [cosine, sine] => (*cosine, *sine) = (z.re * scale, z.im * scale),
            // The wave n/2 of an even number of points has no sine.
            rest => rest[0] = z.re * alone,
        }
    }
}

/// Undoes [`to_waves`].
fn from_waves<T: Real>(plan: &dyn ComplexToReal<T>, line: &mut [T], work: &mut Work<T>) {
    let n = line.len();
    let alone = T::cast((1.0 / n as f64).sqrt());
    let half = T::cast((0.5 / n as f64).sqrt());
    let spectrum = &mut work.spectrum[..plan.complex_len()];
    spectrum[0] = Complex::new(line[0] * alone, T::zero());
    for (z, pair) in spectrum[1..].iter_mut().zip(line[1..].chunks(2)) {
        *z = match pair {
            [cosine, sine] => Complex::new(*cosine * half, *sine * half),
            rest => Complex::new(rest[0] * alone, T::zero()),
        };
    }
    let row = &mut work.real[..n];
    let done = plan.process_with_scratch(spectrum, row, &mut work.fft);
    debug_assert!(done.is_ok(), "all lengths are the plan's");
    line.copy_from_slice(row);
}
