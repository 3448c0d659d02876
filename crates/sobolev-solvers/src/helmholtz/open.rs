//! Waves that may leave, by finite volumes of second order.

use super::check_wave_number;
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use num_complex::Complex64;
use sobolev_multigrid::general::{
    Centring, Condition, Direct, Elliptic, Interpolation, Iteration, MultigridParams, Smoother, SolveInfo,
    SolveParams,
};
use sobolev_tensor::{Error, Monitor, Result};

/// What a side does to waves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// `u = 0`.
    Fixed,
    /// `du/dn = 0`: waves come back.
    Wall,
    /// `du/dn = i k u`: waves that meet the side straight on leave (Engquist and Majda, 1977, first order).
    Radiating,
    /// A perfectly matched layer of this many cells within the grid, where waves from all directions fade.
    Absorbing {
        /// Cells of the layer; 10 to 20 do.
        cells: usize,
    },
}

/// How the matrix equation is solved.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Method {
    /// Sparse elimination: exact, and reused for further sources.
    #[default]
    Direct,
    /// BiCGStab with multigrid for the shifted operator: less memory on large grids; iterations grow with k.
    ShiftedLaplacian {
        /// Relative residual to reach.
        tolerance: f64,
    },
}

/// `-Laplacian u - k(x)^2 u = f` in a rectangle whose sides may let waves out, for `u` proportional to `exp(-i omega t)`.
///
/// Unknowns are the vertices `[n1, n2]`, all sides included but fixed ones.
///
/// ```
/// use ndarray::ArrayD;
/// use num_complex::Complex64;
/// use sobolev_solvers::helmholtz::{Edge, Helmholtz};
/// let n = 65;
/// let k = ArrayD::from_elem(vec![n, n], 25.0);
/// let mut f = ArrayD::zeros(vec![n, n]);
/// f[[32, 32]] = Complex64::new(64.0 * 64.0, 0.0);                      // a point source
/// let waves = Helmholtz::new(k.view(), 1.0 / 64.0, [[Edge::Absorbing { cells: 12 }; 2]; 2])?;
/// let u = waves.solve(f.view(), &())?;
/// assert_eq!(u.shape(), [n, n]);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Helmholtz {
    problem: Elliptic<Complex64>,
    shifted: Elliptic<Complex64>,
    /// Complex volumes of the stretched coordinates, which multiply the source.
    volume: ArrayD<Complex64>,
    direct: Option<Direct<Complex64>>,
    method: Method,
    /// Largest k h.
    largest: f64,
}

/// Largest k h of a coarse grid.
const COARSEST: f64 = 1.7;

/// Amplitude with which a wave returns from an absorbing layer, by design.
const REFLECTION: f64 = 1e-6;

impl Helmholtz {
    /// Discretises for a wave number k `[n1, n2]` at vertices `spacing` apart; `edges` are those of (lower, upper) sides of
    /// each axis. Solves directly.
    ///
    /// # Errors
    /// Unless there are at least 3 vertices along each of two axes and 6 a wave length, all values are finite, and absorbing
    /// layers fit into the grid.
    pub fn new(wave_number: ArrayViewD<'_, f64>, spacing: f64, edges: [[Edge; 2]; 2]) -> Result<Self> {
        check_wave_number(&wave_number, spacing)?;
        let shape = wave_number.shape();
        let typical = wave_number.iter().sum::<f64>() / wave_number.len() as f64;
        let absorbs = |edge: &Edge| matches!(edge, Edge::Absorbing { .. });
        if typical == 0.0 && edges.iter().flatten().any(absorbs) {
            return Err(Error::value("wave number", "above 0 somewhere, with absorbing sides", 0.0));
        }
        let mut stretch = Vec::new();
        for axis in 0..2 {
            stretch.push(stretching(shape[axis], spacing, typical, edges[axis])?);
        }
        let sides = edges
            .iter()
            .enumerate()
            .map(|(axis, pair)| [0, 1].map(|upper| condition(pair[upper], &wave_number, axis, upper)));
        let cells: Vec<usize> = (0..2).map(|axis| cells(shape[axis], edges[axis])).collect();
        let extent: Vec<f64> = cells.iter().map(|n| *n as f64 * spacing).collect();
        let problem = Elliptic::new(&cells, &extent, Centring::Vertex, sides.collect())?;
        let field = |f: &dyn Fn(Complex64, Complex64, f64) -> Complex64| {
            ArrayD::from_shape_fn(IxDyn(shape), |i| f(stretch[0][i[0]], stretch[1][i[1]], wave_number[&i]))
        };
        // In stretched coordinates: -(s2/s1 u_1)_1 - (s1/s2 u_2)_2 - s1 s2 k^2 u = s1 s2 f.
        let along = [field(&|a, b, _| b / a), field(&|a, b, _| a / b)];
        let views = [along[0].view(), along[1].view()];
        let shift = |shift: Complex64| field(&|a, b, k| -(a * b * shift * k * k));
        let with = |shifted: Complex64| -> Result<Elliptic<Complex64>> {
            problem.clone().with_diffusions(&views)?.with_reaction(shift(shifted).view())
        };
        let volume = field(&|a, b, _| a * b);
        Ok(Self {
            problem: with(Complex64::new(1.0, 0.0))?,
            shifted: with(Complex64::new(1.0, 0.5))?,
            volume,
            direct: None,
            method: Method::Direct,
            largest: spacing * wave_number.iter().fold(f64::MIN_POSITIVE, |largest, k| largest.max(*k)),
        })
    }

    /// The same with another method.
    ///
    /// # Errors
    /// Unless the tolerance is between 0 and 1.
    pub fn with_method(mut self, method: Method) -> Result<Self> {
        if let Method::ShiftedLaplacian { tolerance } = method
            && !(tolerance > 0.0 && tolerance < 1.0)
        {
            return Err(Error::value("tolerance", "between 0 and 1", tolerance));
        }
        self.method = method;
        Ok(self)
    }

    /// Factorises the matrix, so that further sources take little time.
    ///
    /// # Errors
    /// When the matrix is singular.
    pub fn factorised(mut self) -> Result<Self> {
        self.direct = Some(Direct::new(&self.problem.operator()?)?);
        Ok(self)
    }

    /// Solves for a source f `[n1, n2]`. The monitor may cancel between iterations.
    ///
    /// # Errors
    /// When the shape differs or a value is not finite; when the matrix is singular (a resonance between walls);
    /// [`Error::NoConvergence`], [`Error::Cancelled`].
    pub fn solve(&self, f: ArrayViewD<'_, Complex64>, monitor: &dyn Monitor) -> Result<ArrayD<Complex64>> {
        Ok(self.solve_with_info(f, monitor)?.0)
    }

    /// As [`solve`](Self::solve), with the history of an iteration if there was one.
    ///
    /// # Errors
    /// As there.
    pub fn solve_with_info(
        &self,
        f: ArrayViewD<'_, Complex64>,
        monitor: &dyn Monitor,
    ) -> Result<(ArrayD<Complex64>, Option<SolveInfo>)> {
        if f.shape() != self.volume.shape() {
            return Err(Error::shape("f", format!("{:?}", self.volume.shape()), f.shape()));
        }
        let f = self.problem.right_hand_side((&f * &self.volume).view())?;
        match (self.method, &self.direct) {
            (Method::Direct, Some(direct)) => Ok((direct.solve(f.view())?, None)),
            (Method::Direct, None) => Ok((Direct::new(&self.problem.operator()?)?.solve(f.view())?, None)),
            (Method::ShiftedLaplacian { tolerance }, _) => {
                let (u, info) = self.iterate(f.view(), tolerance, monitor)?;
                Ok((u, Some(info)))
            }
        }
    }

    fn iterate(
        &self,
        f: ArrayViewD<'_, Complex64>,
        tolerance: f64,
        monitor: &dyn Monitor,
    ) -> Result<(ArrayD<Complex64>, SolveInfo)> {
        // Absorbing layers are strongly anisotropic, each side along another axis: lines along both. Grids on which waves have
        // fewer than four points are of no use: the coarsest before is solved directly.
        let levels = 1.0 + (COARSEST / self.largest).log2().max(0.0).floor();
        let params = MultigridParams {
            smoother: Smoother::Lines { axes: [false; 3] },
            interpolation: Interpolation::Linear,
            levels: levels as usize,
            ..MultigridParams::default()
        };
        let solve = SolveParams {
            iteration: Iteration::BiCgStab,
            relative_tolerance: tolerance,
            iteration_limit: 2000,
            ..SolveParams::default()
        };
        let mut multigrid = self.shifted.multigrid(params)?;
        multigrid.solve_for(&self.problem.operator()?, f, None, &solve, monitor)
    }
}

/// Cells along an axis with `points` unknown vertices.
fn cells(points: usize, edges: [Edge; 2]) -> usize {
    points - 1 + edges.iter().filter(|edge| **edge == Edge::Fixed).count()
}

fn condition(edge: Edge, k: &ArrayViewD<'_, f64>, axis: usize, upper: usize) -> Condition<Complex64> {
    match edge {
        Edge::Fixed => Condition::zero(),
        // The wave has faded where the layer ends.
        Edge::Wall | Edge::Absorbing { .. } => Condition::no_flux(),
        Edge::Radiating => {
            let end = if upper == 1 { k.shape()[axis] - 1 } else { 0 };
            let along = k.index_axis(ndarray::Axis(axis), end);
            let alpha = along.mapv(|k| Complex64::new(0.0, -k)).into_dyn();
            Condition::Robin { alpha, value: ArrayD::zeros(IxDyn(&[])) }
        }
    }
}

/// The factors `s = 1 + i sigma / k` by which a coordinate is stretched at the vertices of an axis: one outside the layers,
/// and `sigma` growing with the square of the depth, so that a wave that crosses the layer and comes back has
/// [`REFLECTION`] of its amplitude.
fn stretching(points: usize, spacing: f64, k: f64, edges: [Edge; 2]) -> Result<Vec<Complex64>> {
    let mut factors = vec![Complex64::new(1.0, 0.0); points];
    for (upper, edge) in edges.iter().enumerate() {
        let Edge::Absorbing { cells } = *edge else { continue };
        if cells < 4 || 3 * cells > points {
            let expected = format!("4 to {} cells in a layer", points / 3);
            return Err(Error::value("edges", expected, cells));
        }
        let width = cells as f64 * spacing;
        let largest = -1.5 * f64::ln(REFLECTION) / width;
        for depth in 1..=cells {
            let at = cells - depth;
            let sigma = largest * (depth as f64 / cells as f64).powi(2);
            let index = if upper == 1 { points - 1 - at } else { at };
            factors[index] += Complex64::new(0.0, sigma / k);
        }
    }
    Ok(factors)
}
