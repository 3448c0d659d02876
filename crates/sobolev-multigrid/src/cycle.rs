//! How a cycle visits the levels.

use sobolev_tensor::{Error, Result};

/// The order of the visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visits {
    /// Each level once down and once up.
    #[default]
    V,
    /// Each level solves its coarse problem by two cycles: symmetric, 1.5 times the work in two dimensions.
    W,
    /// An F-cycle followed by a V-cycle on each coarse level. Not symmetric: as a solver only, not for conjugate gradients.
    F,
}

/// A multigrid cycle: visits, and the coloured Gauss-Seidel sweeps on each level.
///
/// ```
/// use sobolev_multigrid::{Cycle, Visits};
/// let cycle = Cycle::new(Visits::W).with_sweeps(2)?;       // W(2,2)
/// assert_eq!(cycle.to_string(), "W(2,2)");
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cycle {
    visits: Visits,
    sweeps: usize,
}

impl Default for Cycle {
    /// V(1,1), which takes the least time to 1e-8 for coefficients that jump by a factor of 4.
    fn default() -> Self {
        Self { visits: Visits::V, sweeps: 1 }
    }
}

impl Cycle {
    /// A cycle with one sweep before and one after the visit to the coarser level.
    pub fn new(visits: Visits) -> Self {
        Self { visits, ..Self::default() }
    }

    /// The same cycle with `sweeps` sweeps before, and as many after.
    ///
    /// # Errors
    /// Unless there are 1 to 8.
    pub fn with_sweeps(mut self, sweeps: usize) -> Result<Self> {
        if !(1..=8).contains(&sweeps) {
            return Err(Error::value("sweeps", "1 to 8", sweeps));
        }
        self.sweeps = sweeps;
        Ok(self)
    }

    /// The order of the visits.
    pub fn visits(self) -> Visits {
        self.visits
    }

    /// Sweeps before and after the visit to the coarser level.
    pub fn sweeps(self) -> usize {
        self.sweeps
    }

    /// Whether the cycle is symmetric, as a preconditioner of conjugate gradients must be.
    pub fn is_symmetric(self) -> bool {
        self.visits != Visits::F
    }
}

impl std::fmt::Display for Cycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({1},{1})", self.visits, self.sweeps)
    }
}
