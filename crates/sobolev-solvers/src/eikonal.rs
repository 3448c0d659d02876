//! Eikonal equation:  |grad T| = 1 / c  in a box of one to three dimensions: the time T at which a front that moves at speed c
//! arrives.
//!
//! Speed c `[batch, n.., 1]`, positive, and times T of the same shape at the cell centres `x_i = (i + 1/2) L / n`. The front starts at
//! points, or from times given in some of the cells. Units: T in length over speed.
//!
//! Behaviour: T grows along rays, which bend towards fast regions; where rays meet, T has a kink and the first arrival counts. Exact
//! relations: more speed anywhere is no later arrival anywhere; several sources give the least of their times.
//!
//! Method: upwind differences of Godunov type, solved by Gauss-Seidel sweeps in all `2^d` directions (Zhao 2005), a few rounds
//! whatever the size. From a point T has a cone, which costs the plain scheme `h log h`; so `T = T0 tau` is factored there (Fomel,
//! Luo and Zhao 2009), with T0 the time at the speed of the source: exact for constant speed, else of order 1. Time is linear in the
//! number of cells.
//!
//! Fails when: c varies by orders of magnitude within a cell. Good start: c from 1 to 2, 64 cells a side.
//!
//! Sources: Zhao, A fast sweeping method for eikonal equations, Math. Comput. 74 (2005); Fomel, Luo and Zhao, Fast sweeping method
//! for the factored eikonal equation, J. Comput. Phys. 228 (2009).

mod problem;
mod sweep;
#[cfg(test)]
mod tests;

pub use problem::{EIKONAL, EikonalProblem, EikonalSettings, RandomSpeed};

use crate::solver::SteadySolver;
use crate::walls::check_lengths;
use ndarray::{ArrayD, ArrayViewD, Axis};
use rayon::prelude::*;
use sobolev_tensor::{Error, Result, check_channels_last, check_finite};
use sweep::{Grid, Sweeper};

/// Solver of the eikonal equation; the module page has equation and method.
///
/// ```
/// use ndarray::Array4;
/// use sobolev_solvers::{Eikonal, SteadySolver};
/// let speed = Array4::from_elem((1, 40, 20, 1), 2.0).into_dyn();
/// let times = Eikonal::from_points(&[2.0, 1.0], &[&[0.5, 0.5]])?.solve(speed.view())?;
/// let [x, y] = [1.975 - 0.5, 0.975 - 0.5_f64];
/// assert!((times[[0, 39, 19, 0]] - x.hypot(y) / 2.0).abs() < 1e-12);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Eikonal {
    lengths: Vec<f64>,
    sources: Sources,
    factored: bool,
    tolerance: f64,
    limit: usize,
}

#[derive(Debug, Clone)]
enum Sources {
    Points(Vec<Vec<f64>>),
    Times(ArrayD<f64>),
}

impl Eikonal {
    fn new(lengths: &[f64], sources: Sources) -> Result<Self> {
        if !(1..=3).contains(&lengths.len()) {
            return Err(Error::value("lengths", "1 to 3 of them", lengths.len()));
        }
        check_lengths("lengths", lengths, lengths.len())?;
        Ok(Self { lengths: lengths.to_vec(), sources, factored: true, tolerance: 1e-12, limit: 200 })
    }

    /// Fronts that start at time 0 from `points` in a box of side `lengths`.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths that are not positive, no points, and points outside the box.
    pub fn from_points(lengths: &[f64], points: &[&[f64]]) -> Result<Self> {
        let solver =
            Self::new(lengths, Sources::Points(points.iter().map(|point| point.to_vec()).collect()))?;
        check_points("points", points, lengths)?;
        Ok(solver)
    }

    /// Fronts that pass the cells where `times` `[n..]` is finite at these times; elsewhere it is infinite. Shared by the batch.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths that are not positive, and times that are NaN, minus infinity or all infinite.
    pub fn from_times(lengths: &[f64], times: ArrayD<f64>) -> Result<Self> {
        if let Some(wrong) = times.iter().find(|t| t.is_nan() || **t == f64::NEG_INFINITY) {
            return Err(Error::value("times", "finite ones in sources, infinity elsewhere", wrong));
        }
        if !times.iter().any(|t| t.is_finite()) {
            return Err(Error::value("times", "a finite one in at least one cell", "none"));
        }
        Self::new(lengths, Sources::Times(times))
    }

    /// Turns the factored form of point sources off: the plain scheme, for comparison.
    pub fn without_factoring(mut self) -> Self {
        self.factored = false;
        self
    }

    /// Sets the largest relative change in a round of sweeps at which to stop; 1e-12 at first.
    ///
    /// # Errors
    /// [`Error::Value`] unless it is at least 0 and below 1.
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&tolerance) {
            return Err(Error::value("tolerance", "at least 0 and below 1", tolerance));
        }
        self.tolerance = tolerance;
        Ok(self)
    }

    /// Sets the rounds of sweeps after which to give up; 200 at first. Rays that wind about need a round for each turn.
    pub fn with_iteration_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// One sweeper for each sample and source.
    fn sweepers(&self, speed: &ArrayViewD<'_, f64>) -> Result<Vec<Vec<Sweeper>>> {
        let d = self.lengths.len();
        let shape = speed.shape();
        check_channels_last("speed", shape, d, 1)?;
        check_finite("speed", shape, speed.iter())?;
        if let Some(wrong) = speed.iter().find(|c| **c <= 0.0) {
            return Err(Error::value("speed", "positive numbers", wrong));
        }
        let cells = &shape[1..=d];
        let grid = Grid::new(cells, &self.lengths);
        if let Sources::Times(times) = &self.sources
            && times.shape() != cells
        {
            return Err(Error::shape("times", format!("the grid of the speed, {cells:?}"), times.shape()));
        }
        let sample = |speed: ArrayViewD<'_, f64>| -> Vec<Sweeper> {
            let slowness: Vec<f64> = speed.iter().map(|c| 1.0 / c).collect();
            match &self.sources {
                Sources::Points(points) => points
                    .iter()
                    .map(|point| Sweeper::from_point(&grid, slowness.clone(), point, self.factored))
                    .collect(),
                Sources::Times(times) => {
                    vec![Sweeper::from_times(&grid, slowness, times.iter().copied().collect())]
                }
            }
        };
        Ok(speed.outer_iter().map(sample).collect())
    }
}

/// Checks that there are points, all of them in the box.
fn check_points(name: &str, points: &[&[f64]], lengths: &[f64]) -> Result<()> {
    let inside = |point: &&[f64]| {
        point.len() == lengths.len()
            && point.iter().zip(lengths).all(|(x, length)| (0.0..=*length).contains(x))
    };
    if !points.is_empty() && points.iter().all(inside) {
        return Ok(());
    }
    let expected = format!("at least one point in the box of sides {lengths:?}");
    Err(Error::value(name, expected, format!("{points:?}")))
}

/// Fronts on their way through the sweeps.
#[derive(Debug)]
pub struct EikonalState {
    sweepers: Vec<Vec<Sweeper>>,
    shape: Vec<usize>,
}

impl SteadySolver for Eikonal {
    type State = EikonalState;

    /// `coefficient` is the speed.
    fn start(&self, coefficient: ArrayViewD<'_, f64>) -> Result<EikonalState> {
        Ok(EikonalState { sweepers: self.sweepers(&coefficient)?, shape: coefficient.shape().to_vec() })
    }

    /// A round of sweeps in all directions; the residual is the largest relative change of a time.
    fn step(&self, state: &mut EikonalState) -> Result<f64> {
        let tolerance = self.tolerance;
        state.sweepers.par_iter_mut().flatten().for_each(|sweeper| {
            if sweeper.change() > tolerance {
                sweeper.round();
            }
        });
        Ok(self.residual(state))
    }

    fn residual(&self, state: &EikonalState) -> f64 {
        state.sweepers.iter().flatten().map(Sweeper::change).fold(0.0, f64::max)
    }

    fn solution(&self, state: &EikonalState) -> ArrayD<f64> {
        let mut times = ArrayD::from_elem(state.shape.clone(), f64::INFINITY);
        for (sweepers, mut sample) in state.sweepers.iter().zip(times.axis_iter_mut(Axis(0))) {
            for sweeper in sweepers {
                sample.iter_mut().zip(sweeper.times()).for_each(|(least, time)| *least = least.min(time));
            }
        }
        times
    }

    fn tolerance(&self) -> f64 {
        self.tolerance
    }

    fn iteration_limit(&self) -> usize {
        self.limit
    }
}
