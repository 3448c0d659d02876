//! Poisson's equation:  -Laplacian u = f  in a box of one to three dimensions, under a value or a flux on each side.
//!
//! Right-hand side f and solution u `[batch, n.., 1]` at the cell centres `x_i = (i + 1/2) L / n`.
//!
//! Behaviour: u is two derivatives smoother than f; it is largest and smallest on the boundary where f = 0. Exact relations:
//! linearity in f and the boundary values, and `integral |grad u|^2 = integral f u` where the boundary values vanish.
//!
//! Method: sine, cosine and Fourier transforms. Second order: the (2 d + 1)-point formula with mirrored ghost cells, solved to
//! rounding. Spectral: the derivatives of the sines and cosines themselves, for smooth f that fits homogeneous conditions.
//!
//! Without a value on any side u is fixed up to a constant, and exists only if f has the mean that the fluxes ask for. Another
//! right-hand side (by more than 1e-6 of the mean modulus of f) is refused, unless [`Poisson::with_projection`] takes the mean off;
//! u then has mean zero.
//!
//! Source: Buzbee, Golub and Nielson, On direct methods for solving Poisson's equations, SIAM J. Numer. Anal. 7 (1970).

mod problem;
#[cfg(test)]
mod tests;

pub use problem::{POISSON, PoissonProblem, PoissonSettings};

use crate::random_field::Boundary;
use crate::solver::SteadySolver;
use crate::walls::{BoxLaplacian, Symbol, check_lengths, is_singular};
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};
use sobolev_tensor::{Error, Result, check_channels_last, check_finite};

/// Mean of a singular right-hand side, relative to its mean modulus, that counts as rounding; also that of values in f32.
const INCONSISTENT: f64 = 1e-6;

/// Solver of Poisson's equation; the module page has equation and method.
///
/// ```
/// use ndarray::Array4;
/// use sobolev_solvers::{Poisson, SteadySolver};
/// let f = Array4::ones((1, 65, 65, 1)).into_dyn();
/// let u = Poisson::new(2)?.solve(f.view())?;                            // u = 0 around the unit square
/// assert!((u[[0, 32, 32, 0]] - 0.0736713533).abs() < 1e-4);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Poisson {
    lengths: Vec<f64>,
    boundary: Vec<[Boundary; 2]>,
    values: Vec<[Values; 2]>,
    symbol: Symbol,
    projection: bool,
}

/// What is given on a side.
#[derive(Debug, Clone)]
enum Values {
    Constant(f64),
    Field(ArrayD<f64>),
}

impl Poisson {
    /// u = 0 on all sides of the unit interval, square or cube.
    ///
    /// # Errors
    /// [`Error::Value`] unless `dimensions` is 1 to 3.
    pub fn new(dimensions: usize) -> Result<Self> {
        if !(1..=3).contains(&dimensions) {
            return Err(Error::value("dimensions", "1 to 3", dimensions));
        }
        Ok(Self {
            lengths: vec![1.0; dimensions],
            boundary: vec![[Boundary::Dirichlet; 2]; dimensions],
            values: vec![[Values::Constant(0.0), Values::Constant(0.0)]; dimensions],
            symbol: Symbol::default(),
            projection: false,
        })
    }

    /// Sets the side lengths.
    ///
    /// # Errors
    /// [`Error::Value`] unless there is a positive one for each dimension.
    pub fn with_lengths(mut self, lengths: &[f64]) -> Result<Self> {
        check_lengths("lengths", lengths, self.lengths.len())?;
        self.lengths = lengths.to_vec();
        Ok(self)
    }

    /// Sets the conditions at the lower and upper end of each axis.
    ///
    /// # Errors
    /// [`Error::Value`] unless there is a pair for each dimension, periodic at both ends or at none.
    pub fn with_boundary(mut self, boundary: &[[Boundary; 2]]) -> Result<Self> {
        // Made to see whether such an operator exists.
        BoxLaplacian::new(&vec![2; self.lengths.len()], &self.lengths, boundary, self.symbol)?;
        self.boundary = boundary.to_vec();
        Ok(self)
    }

    /// Sets what is given at the lower (`side` 0) or upper (1) end of an axis: u where the condition is Dirichlet, the
    /// outward derivative du/dn where it is Neumann.
    ///
    /// # Errors
    /// [`Error::Value`] for an axis or a side that does not exist; [`Error::NonFinite`].
    pub fn with_value(self, axis: usize, side: usize, value: f64) -> Result<Self> {
        check_finite("value", &[1], &[value])?;
        self.with_values(axis, side, Values::Constant(value))
    }

    /// As [`with_value`](Self::with_value), with values at the cells of the side: the shape of the grid without the axis.
    ///
    /// # Errors
    /// As [`with_value`](Self::with_value); whether the shape fits is seen when solving.
    pub fn with_value_field(self, axis: usize, side: usize, values: ArrayD<f64>) -> Result<Self> {
        check_finite("values", values.shape(), &values)?;
        self.with_values(axis, side, Values::Field(values))
    }

    fn with_values(mut self, axis: usize, side: usize, values: Values) -> Result<Self> {
        let last = self.lengths.len() - 1;
        let ends =
            self.values.get_mut(axis).ok_or_else(|| Error::value("axis", format!("0 to {last}"), axis))?;
        *ends.get_mut(side).ok_or_else(|| Error::value("side", "0 or 1", side))? = values;
        Ok(self)
    }

    /// Chooses between second order and spectral accuracy. The spectral form takes homogeneous conditions only.
    pub fn with_symbol(mut self, symbol: Symbol) -> Self {
        self.symbol = symbol;
        self
    }

    /// Takes the part off a right-hand side for which a singular problem has no solution, instead of refusing it.
    pub fn with_projection(mut self) -> Self {
        self.projection = true;
        self
    }

    /// The operator for right-hand sides `[batch, n.., 1]`.
    fn laplacian(&self, f: &ArrayViewD<'_, f64>) -> Result<BoxLaplacian> {
        let d = self.lengths.len();
        check_channels_last("f", f.shape(), d, 1)?;
        BoxLaplacian::new(&f.shape()[1..=d], &self.lengths, &self.boundary, self.symbol)
    }

    /// Adds what the values on the boundary contribute to the right-hand side.
    fn add_boundary(&self, f: &mut ArrayD<f64>) -> Result<()> {
        for axis in 0..self.lengths.len() {
            let n = f.len_of(Axis(axis + 1));
            let h = self.lengths[axis] / n as f64;
            for side in 0..2 {
                let values = &self.values[axis][side];
                if matches!(values, Values::Constant(0.0)) {
                    continue;
                }
                let factor = match self.boundary[axis][side] {
                    // The ghost cell holds 2 g - u.
                    Boundary::Dirichlet => 2.0 / (h * h),
                    Boundary::Neumann => 1.0 / h,
                    Boundary::Periodic => {
                        return Err(Error::value("value", "none on a periodic axis", format!("axis {axis}")));
                    }
                };
                if self.symbol == Symbol::Spectral {
                    return Err(Error::value("value", "0 on all sides in the spectral form", "another")
                        .with_hint("use second order, or subtract a function with these values"));
                }
                let mut cells = f.index_axis_mut(Axis(axis + 1), if side == 0 { 0 } else { n - 1 });
                match values {
                    Values::Constant(value) => cells += factor * value,
                    Values::Field(field) => {
                        let given = field.shape();
                        let shape = &cells.shape()[1..cells.ndim() - 1];
                        if given != shape {
                            return Err(Error::shape(
                                format!("values of axis {axis}"),
                                format!("{shape:?}"),
                                given,
                            ));
                        }
                        let last = Axis(field.ndim());
                        cells += &(field * factor).insert_axis(last);
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks the mean of each sample of a singular problem, or takes it off.
    fn settle_mean(&self, f: &mut ArrayD<f64>) -> Result<()> {
        if !is_singular(&self.boundary) {
            return Ok(());
        }
        for (sample, mut f) in f.outer_iter_mut().enumerate() {
            let mean = f.sum() / f.len() as f64;
            let size = f.iter().map(|v| v.abs()).sum::<f64>() / f.len() as f64;
            if !self.projection && mean.abs() > INCONSISTENT * size {
                let expected =
                    "a mean that balances the fluxes, because no side holds a value (a singular problem)";
                let got = format!("{mean:e} too much in sample {sample}");
                return Err(Error::value("f", expected, got).with_hint(
                    "the right-hand side is inconsistent; with_projection takes the difference off",
                ));
            }
            f -= mean;
        }
        Ok(())
    }
}

/// A right-hand side on its way to the solution: zero, then all of it.
#[derive(Debug)]
pub struct PoissonState {
    laplacian: BoxLaplacian,
    right_hand_side: ArrayD<f64>,
    solution: ArrayD<f64>,
    solved: bool,
}

impl PoissonState {
    /// `|f + Laplacian u| / |f|` of each sample in the Euclidean norm, with what the boundary contributes to f: after the step at the level
    /// of rounding.
    ///
    /// # Errors
    /// None.
    pub fn relative_residuals(&self) -> Result<Vec<f64>> {
        let batch = self.solution.len_of(Axis(0));
        let (u, f): (Vec<f64>, Vec<f64>) =
            (self.solution.iter().copied().collect(), self.right_hand_side.iter().copied().collect());
        let applied = self.laplacian.apply(batch, &u)?;
        let cells = self.laplacian.cells().iter().product();
        let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
        let one = |(f, applied): (&[f64], &[f64])| {
            let misfit = norm(&mut f.iter().zip(applied).map(|(f, a)| f - a));
            misfit / norm(&mut f.iter().copied()).max(f64::MIN_POSITIVE)
        };
        Ok(f.chunks_exact(cells).zip(applied.chunks_exact(cells)).map(one).collect())
    }
}

impl SteadySolver for Poisson {
    type State = PoissonState;

    /// `coefficient` is the right-hand side f.
    fn start(&self, coefficient: ArrayViewD<'_, f64>) -> Result<PoissonState> {
        let laplacian = self.laplacian(&coefficient)?;
        check_finite("f", coefficient.shape(), coefficient.iter())?;
        let mut right_hand_side = ArrayD::zeros(coefficient.raw_dim());
        right_hand_side.assign(&coefficient);
        self.add_boundary(&mut right_hand_side)?;
        self.settle_mean(&mut right_hand_side)?;
        let solution = ArrayD::zeros(right_hand_side.raw_dim());
        Ok(PoissonState { laplacian, right_hand_side, solution, solved: false })
    }

    /// The direct solution.
    fn step(&self, state: &mut PoissonState) -> Result<f64> {
        state.solution.assign(&state.right_hand_side);
        let batch = state.solution.len_of(Axis(0));
        if let Some(values) = state.solution.as_slice_mut() {
            state.laplacian.solve(batch, values)?;
        }
        state.solved = true;
        Ok(0.0)
    }

    /// One before, and zero, which stands for rounding, after the step.
    fn residual(&self, state: &PoissonState) -> f64 {
        f64::from(u8::from(!state.solved))
    }

    fn solution(&self, state: &PoissonState) -> ArrayD<f64> {
        state.solution.clone()
    }

    fn tolerance(&self) -> f64 {
        1e-12
    }

    fn iteration_limit(&self) -> usize {
        1
    }

    fn solve(&self, coefficient: ArrayViewD<'_, f64>) -> Result<ArrayD<f64>> {
        let mut state = self.start(coefficient)?;
        self.step(&mut state)?;
        Ok(std::mem::replace(&mut state.solution, ArrayD::zeros(IxDyn(&[0]))))
    }
}
