//! Test problems by name: coefficients on a grid, for tests, benchmarks and comparisons.
//!
//! Random ones are sums of cosines (no flux at the boundary) with independent amplitudes that depend on the seed and the
//! wavenumber alone: the same function on every grid. They stand in for the random fields of data sets, which live
//! where the equations do.

use crate::grid::Grid;
use ndarray::{Array2, ArrayD, Axis, IxDyn};
use sobolev_tensor::{Error, Random, Result};
use std::f64::consts::{PI, SQRT_2};

/// A test problem.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Problem {
    /// Coefficient 1.
    Poisson,
    /// `high` where a smooth random function is positive, `low` elsewhere: 12 and 3 in the data of Li et al. 2020,
    /// arXiv:2010.08895; 1e6 and 1 for a hard one.
    Jump {
        /// Where the function is at least 0.
        high: f64,
        /// Elsewhere.
        low: f64,
    },
    /// `exp` of a rough random function (covariance `(-Laplacian + 9)^-1`) of the given standard deviation.
    RoughLogNormal {
        /// Standard deviation of the logarithm.
        deviation: f64,
    },
    /// Coefficient 1 on cells that are `ratio` times as long along the first axis as along the others, which couples
    /// them `ratio^2` times more weakly.
    Anisotropic {
        /// Length over width of a cell.
        ratio: f64,
    },
}

/// The problems that solvers are tested with, by name.
pub static GALLERY: &[(&str, Problem)] = &[
    ("poisson", Problem::Poisson),
    ("jump-12-3", Problem::Jump { high: 12.0, low: 3.0 }),
    ("jump-1e3", Problem::Jump { high: 1e3, low: 1.0 }),
    ("jump-1e6", Problem::Jump { high: 1e6, low: 1.0 }),
    ("rough-log-normal", Problem::RoughLogNormal { deviation: 1.0 }),
    ("anisotropic", Problem::Anisotropic { ratio: 30.0 }),
];

impl Problem {
    /// Grid and coefficient with the given cells on each axis.
    ///
    /// # Errors
    /// As [`Grid::new`], and for a ratio that is not positive.
    pub fn build(self, cells: &[usize], seed: u64) -> Result<(Grid, ArrayD<f64>)> {
        let grid = Grid::new(cells)?;
        Ok(match self {
            Self::Poisson => {
                let ones = ArrayD::ones(cells);
                (grid, ones)
            }
            Self::Jump { high, low } => {
                let coefficient = jump(&grid, seed, high, low);
                (grid, coefficient)
            }
            Self::RoughLogNormal { deviation } => {
                let coefficient = rough_log_normal(&grid, seed, deviation);
                (grid, coefficient)
            }
            Self::Anisotropic { ratio } => {
                if !(ratio.is_finite() && ratio > 0.0) {
                    return Err(Error::value("ratio", "a positive number", ratio));
                }
                let mut extent: Vec<f64> = cells.iter().map(|n| *n as f64 / cells[0] as f64).collect();
                extent[0] = ratio;
                (grid.with_extent(&extent)?, ArrayD::ones(cells))
            }
        })
    }
}

/// `high` where a smooth random function is positive or zero, `low` elsewhere.
pub fn jump(grid: &Grid, seed: u64, high: f64, low: f64) -> ArrayD<f64> {
    cosines(grid, seed, 16, 2.0).mapv(|g| if g >= 0.0 { high } else { low })
}

/// `exp(g)` for a rough random function `g` of mean square `deviation^2` over the grid.
pub fn rough_log_normal(grid: &Grid, seed: u64, deviation: f64) -> ArrayD<f64> {
    let g = cosines(grid, seed, 64, 1.0);
    let size = (g.mapv(|v| v * v).mean().unwrap_or(1.0)).sqrt();
    g.mapv(|v| (deviation * v / size).exp())
}

/// `sum_k xi_k (pi^2 |k|^2 + 9)^(-exponent/2) prod_j c_j cos(pi k_j x_j / L_j)` over the wavenumbers below `modes` that
/// the grid resolves, without k = 0.
fn cosines(grid: &Grid, seed: u64, modes: usize, exponent: f64) -> ArrayD<f64> {
    let random = Random::new(seed, "multigrid gallery");
    let cells = grid.cells();
    let kept: Vec<usize> = cells.iter().map(|n| modes.min(*n)).collect();
    let mut field = ArrayD::from_shape_fn(IxDyn(&kept), |index| {
        let k: Vec<f64> = (0..kept.len()).map(|axis| index[axis] as f64).collect();
        let square: f64 = k.iter().map(|k| k * k).sum();
        let address = (0..kept.len()).fold(0, |address, axis| (address << 16) | index[axis] as u64);
        let norm: f64 = k.iter().map(|k| if *k > 0.0 { SQRT_2 } else { 1.0 }).product();
        let amplitude = norm * (PI * PI * square + 9.0).powf(-0.5 * exponent);
        if square > 0.0 { amplitude * random.normals(0, address)[0] } else { 0.0 }
    });
    // From wavenumbers to points, one axis after the other.
    for (axis, &n) in cells.iter().enumerate() {
        let mut shape = field.shape().to_vec();
        let kept = std::mem::replace(&mut shape[axis], n);
        let mut values = ArrayD::zeros(shape);
        let cosine = |i: usize, k: usize| (PI * (i as f64 + 0.5) / n as f64 * k as f64).cos();
        let table = Array2::from_shape_fn((n, kept), |(i, k)| cosine(i, k));
        let lanes = values.lanes_mut(Axis(axis)).into_iter().zip(field.lanes(Axis(axis)));
        for (mut to, from) in lanes {
            for (to, waves) in to.iter_mut().zip(table.rows()) {
                *to = from.iter().zip(waves).map(|(amplitude, wave)| amplitude * wave).sum();
            }
        }
        field = values;
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_functions_are_the_same_on_every_grid() {
        // Cell centres of 20 cells are those of every third of 60.
        let field = |n| cosines(&Grid::new(&[n, n]).unwrap(), 4, 16, 2.0);
        let (coarse, fine) = (field(20), field(60));
        for i in 0..20 {
            for j in 0..20 {
                assert!((coarse[[i, j]] - fine[[3 * i + 1, 3 * j + 1]]).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn problems_are_what_their_names_say() {
        for &(name, problem) in GALLERY {
            let (grid, a) = problem.build(&[24, 17], 1).unwrap();
            assert_eq!(a.shape(), [24, 17]);
            let (smallest, largest) = a.iter().fold((f64::MAX, 0.0_f64), |(s, l), v| (s.min(*v), l.max(*v)));
            match problem {
                Problem::Jump { high, low } => assert_eq!((smallest, largest), (low, high), "{name}"),
                Problem::RoughLogNormal { deviation } => {
                    let square = a.mapv(|v| v.ln().powi(2)).mean().unwrap();
                    assert!((square - deviation * deviation).abs() < 1e-12);
                }
                Problem::Poisson => assert_eq!((smallest, largest), (1.0, 1.0)),
                Problem::Anisotropic { ratio } => {
                    let h = grid.spacing();
                    assert!((h[0] / h[1] - ratio).abs() < 1e-12);
                }
            }
        }
    }
}
