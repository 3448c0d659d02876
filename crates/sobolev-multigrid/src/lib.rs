//! Geometric multigrid on rectangles and boxes: problems solved to any tolerance in time proportional to the number of
//! unknowns.
//!
//! Two engines share the vocabulary. [`DiffusionSolver`] is for one problem and made to be fast: `-div(a grad u) = f` between
//! cells, with a coefficient that may jump. [`general`] takes any stencil, real or complex, in one to three dimensions, between
//! cells or vertices, with Dirichlet, Neumann, Robin and periodic sides, and offers every cycle, smoother and transfer by name;
//! it takes several times as long (see `docs/results.md`).
//!
//! ```
//! use sobolev_multigrid::{CgParams, DiffusionSolver, Forcing, Grid, Parallelism, gallery};
//! let grid = Grid::new(&[97, 128])?;                             // unit square, u = 0 on its boundary
//! let a = gallery::jump(&grid, 7, 12.0, 3.0);                    // 12 here, 3 there
//! let mut solver = DiffusionSolver::new(&grid, Parallelism::Pool);
//! solver.set_coefficient(a.view())?;                             // sets up all coarse grids
//! let info = solver.solve(&Forcing::Constant(1.0), &CgParams::default(), &())?;
//! println!("{solver}{} iterations to {:.1e}", info.iterations, info.relative_residual);
//! let u = solver.solution();                                     // [97, 128]
//! # Ok::<(), sobolev_tensor::Error>(())
//! ```
//!
//! # Why it is fast
//! A few sweeps of Gauss-Seidel remove the part of the error that oscillates from cell to cell. What is left is smooth, and
//! is found on a grid with half the points along each axis, by the same means; the work on all grids together is less than
//! twice that on the finest. One such cycle reduces the error by a factor of 4 to 10 whatever the size of the grid, and
//! conjugate gradients make better use of it still.
//!
//! # Which part is where
//! | question | answer |
//! |---|---|
//! | which grids | [`Grid`]: 2 or 3 axes of any length from 2 on, any side lengths, [`Boundary`] on each face |
//! | which operator | cell-centred finite volumes, harmonic means on faces: second order, exact for layers |
//! | which coarse operator | Galerkin products with interpolation induced by the operator (Dendy 1982): 9 and 27 points |
//! | which smoother | Gauss-Seidel by colours: red and black on the finest grid, 4 or 8 colours on the others |
//! | which cycle | [`Cycle`]: V, W, F with any number of sweeps |
//! | which iteration | [`ConjugateGradients`] with the cycle of a [`Multigrid`] as preconditioner, or [`Cycles`] alone |
//! | all in one | [`DiffusionSolver`], which also chooses the precision of the cycle |
//! | on what to try it | [`gallery`] |
//!
//! # How many iterations
//! V(1,1) and conjugate gradients to 1e-10, from 16 to 1025 cells a side, odd or even: 8 to 11 for constant and 12/3
//! coefficients in the square, 12 to 13 in the cube, 11 to 14 where the coefficient jumps by 1e6 along smooth curves.
//!
//! Curves that are rough on the scale of the cells leave small bodies of one phase in the other, separated by gaps that coarse
//! grids do not show. Bodies of large coefficient that float so are balanced (see `bodies.rs`): a two-phase medium from a Gaussian
//! field of covariance `(-Laplacian + 9)^-2` with a jump of 1e6 then takes 12 to 20 iterations to 1e-8 with V(1,1) and 8 to 17 with
//! V(2,2), which [`DiffusionSolver`] takes there, up to 2049 cells a side. In the cube, where such a medium percolates, it takes
//! 15 to 28 with V(2,2) at 129 cells a side for jumps from 100 to 1e6. Fields that are rough on the scale of the cells take more: a
//! log-normal field of covariance `(-Laplacian + 9)^-1` and standard deviation 3 takes 13 to 19 with V(1,1), and 12 to 13,
//! independent of size, with W(1,1).
//!
//! # Limits
//! Independent log-normal values in every cell with standard deviation 2 (contrast 1e7 between neighbours) take 17 iterations
//! at 64, 48 at 512 and 89 at 1025 cells a side: two neighbouring grids then no longer describe the same medium. Layers a cell
//! or two thick with high contrast act like an anisotropic medium on coarse grids, which point smoothers do not like. Full
//! coefficient tensors are not covered by [`DiffusionSolver`]; [`general`] takes them as stencils of 9 or 27 entries.
//!
//! # Results and threads
//! One solve may use all threads of a rayon pool ([`Parallelism::Pool`]), or many solves run at once, each on its thread. The
//! results are equal to the bit either way. Processors with other vector instructions give results that agree to rounding.

mod bodies;
mod chunks;
mod coarsest;
mod conjugate_gradients;
mod cycle;
mod galerkin;
pub mod gallery;
pub mod general;
mod grid;
mod hierarchy;
mod level;
mod operator;
mod row;
mod smoother;
mod solver;
mod stencil;
mod storage;
mod transfer;
mod vectors;

pub use conjugate_gradients::{CgInfo, CgParams, ConjugateGradients, Cycles};
pub use cycle::{Cycle, Visits};
pub use grid::{Boundary, Grid};
pub use hierarchy::{Multigrid, Parallelism};
pub use solver::{DiffusionSolver, Precision};
pub use vectors::Forcing;
