//! The choices that a hierarchy is made with.

use super::smoother::Smoother;
use super::transfer::Interpolation;
use crate::cycle::Visits;
use crate::hierarchy::Parallelism;
use sobolev_tensor::{Error, Result};

/// Which axes are halved from one grid to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coarsening {
    /// Those along which points are coupled at least a third as strongly as along the strongest: point smoothers then work
    /// for any anisotropy that is the same everywhere.
    #[default]
    Strong,
    /// All.
    Full,
}

/// Cycle, smoother, transfers and coarse operators of a [`StencilMultigrid`](super::StencilMultigrid).
///
/// ```
/// use sobolev_multigrid::Visits;
/// use sobolev_multigrid::general::{MultigridParams, Smoother};
/// let params = MultigridParams { visits: Visits::W, before: 2, smoother: Smoother::Chebyshev { degree: 3 }, ..Default::default() };
/// assert_eq!(params.to_string(), "W(2,1), Chebyshev of degree 3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MultigridParams {
    /// The order of the visits.
    pub visits: Visits,
    /// Sweeps before the visit to the coarser grid, 0 to 16.
    pub before: usize,
    /// Sweeps after it, 0 to 16; one of both must not be 0.
    pub after: usize,
    /// The smoother.
    pub smoother: Smoother,
    /// Interpolation; restriction is its transpose.
    pub interpolation: Interpolation,
    /// Which axes are halved.
    pub coarsening: Coarsening,
    /// Grids to use at most; the coarsest is solved directly.
    pub levels: usize,
    /// Points from which on a grid is not coarsened further.
    pub coarsest: usize,
    /// Threads; results do not depend on them.
    pub parallelism: Parallelism,
}

impl Default for MultigridParams {
    /// V(1,1) by Gauss-Seidel sweeps, with operator-induced interpolation.
    fn default() -> Self {
        Self {
            visits: Visits::V,
            before: 1,
            after: 1,
            smoother: Smoother::default(),
            interpolation: Interpolation::default(),
            coarsening: Coarsening::default(),
            levels: usize::MAX,
            coarsest: 64,
            parallelism: Parallelism::default(),
        }
    }
}

/// Unknowns of a coarsest grid beyond which dense factors would take too much memory and time.
pub(crate) const DENSE_LIMIT: usize = 4096;

impl MultigridParams {
    pub(crate) fn check(&self, dimensions: usize) -> Result<()> {
        self.smoother.check(dimensions)?;
        for (name, sweeps) in [("before", self.before), ("after", self.after)] {
            if sweeps > 16 {
                return Err(Error::value(name, "0 to 16 sweeps", sweeps));
            }
        }
        if self.before + self.after == 0 {
            return Err(Error::value("before", "a sweep before or after the coarser grid", 0));
        }
        if self.levels == 0 {
            return Err(Error::value("levels", "at least 1", 0));
        }
        if self.coarsest == 0 {
            return Err(Error::value("coarsest", "at least 1 point", 0));
        }
        Ok(())
    }

    /// Whether one cycle is its own adjoint for an operator that is, as a preconditioner of conjugate gradients must be.
    pub fn is_symmetric(&self) -> bool {
        self.before == self.after && self.visits != Visits::F
    }
}

impl std::fmt::Display for MultigridParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({},{}), {}", self.visits, self.before, self.after, self.smoother)
    }
}
