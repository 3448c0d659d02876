//! Waves between walls, by a compact scheme of fourth order.

use super::check_wave_number;
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use sobolev_multigrid::general::{Direct, Lattice, Side, StencilOperator};
use sobolev_tensor::{Error, Result, check_finite};

/// `-Laplacian u - k(x)^2 u = f` in a rectangle with given normal derivatives `du/dn = g` (outwards) on its sides.
///
/// Unknowns are the vertices `[n1, n2]`, those on the sides included. With the nine-point Laplacian `L` and the five-point
/// one `D`, both divided by h^2,
///
/// ```text
/// -L u - (1 + h^2/12 D) (k^2 u) = (1 + h^2/12 D) f
/// ```
///
/// is of order 4 for smooth k. Beyond a side, u continues as `u(h) = u(-h) + 2 h g + h^3/3 u_nnn`, and `u_nnn` comes from the
/// equation; k and f are taken to be even there (no normal derivative), g to be locally constant.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_solvers::helmholtz::{Cavity, Flux};
/// let (n, k) = (65, 20.0);
/// let cavity = Cavity::new(ArrayD::from_elem(vec![n, n], k).view(), 1.0 / 64.0)?;
/// // A plane wave: u = cos(k x1) with du/dn = -k sin k on the upper side.
/// let flux = Flux { upper: [ArrayD::from_elem(vec![n], -k * f64::sin(k)), ArrayD::zeros(vec![n])], ..Flux::zero(&[n, n]) };
/// let u = cavity.solve(ArrayD::zeros(vec![n, n]).view(), &flux)?;
/// assert!((u[[32, 5]] - (k * 0.5).cos()).abs() < 1e-3);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Cavity {
    squared: ArrayD<f64>,
    spacing: f64,
    operator: StencilOperator<f64>,
    direct: Direct<f64>,
}

/// Normal derivatives on the sides of a rectangle, outwards: of axis 1 (over axis 2) and of axis 2 (over axis 1).
#[derive(Debug, Clone, PartialEq)]
pub struct Flux {
    /// On the lower sides.
    pub lower: [ArrayD<f64>; 2],
    /// On the upper sides.
    pub upper: [ArrayD<f64>; 2],
}

impl Flux {
    /// None on any side of a grid of `points` vertices.
    pub fn zero(points: &[usize; 2]) -> Self {
        let sides = || [ArrayD::zeros(vec![points[1]]), ArrayD::zeros(vec![points[0]])];
        Self { lower: sides(), upper: sides() }
    }
}

/// What a vertex on a side counts of a whole one, along one axis.
fn weight(index: usize, points: usize) -> f64 {
    if index == 0 || index + 1 == points { 0.5 } else { 1.0 }
}

impl Cavity {
    /// Factorises the matrix for a wave number k `[n1, n2]` at vertices `spacing` apart.
    ///
    /// # Errors
    /// Unless there are at least 3 vertices along each of two axes and 6 a wave length, and all values are finite.
    pub fn new(wave_number: ArrayViewD<'_, f64>, spacing: f64) -> Result<Self> {
        check_wave_number(&wave_number, spacing)?;
        let shape = wave_number.shape();
        let squared = wave_number.mapv(|k| k * k);
        let natural = [Side::Natural; 2];
        let lattice = Lattice::new(shape)?.with_sides(0, natural)?.with_sides(1, natural)?;
        let reflected = Reflected { points: [shape[0], shape[1]] };
        let operator = StencilOperator::from_fn(&lattice, |point, offset| {
            let here = [point[0], point[1]];
            reflected.sum(here, [offset[0], offset[1]], |step, to| entry(step, squared[IxDyn(&to)], spacing))
                * reflected.weight(here)
        })?;
        let direct = Direct::new(&operator)?;
        Ok(Self { squared, spacing, operator, direct })
    }

    /// Solves for a source f `[n1, n2]` and the normal derivatives on the sides.
    ///
    /// # Errors
    /// When a shape differs, a value is not finite, or -k^2 is an eigenvalue of the Laplacian.
    pub fn solve(&self, f: ArrayViewD<'_, f64>, flux: &Flux) -> Result<ArrayD<f64>> {
        self.direct.solve(self.right_hand_side(f, flux)?.view())
    }

    /// `|b - A u| / |b|` of a solution.
    ///
    /// # Errors
    /// As [`solve`](Self::solve).
    pub fn residual(&self, u: ArrayViewD<'_, f64>, f: ArrayViewD<'_, f64>, flux: &Flux) -> Result<f64> {
        let b = self.right_hand_side(f, flux)?;
        let norm = |values: &ArrayD<f64>| values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let gap = norm(&(&b - &self.operator.apply(u)?));
        Ok(if norm(&b) > 0.0 { gap / norm(&b) } else { gap })
    }

    fn right_hand_side(&self, f: ArrayViewD<'_, f64>, flux: &Flux) -> Result<ArrayD<f64>> {
        let points = [self.squared.shape()[0], self.squared.shape()[1]];
        if f.shape() != points {
            return Err(Error::shape("f", format!("{points:?}"), f.shape()));
        }
        check_finite("f", f.shape(), &f)?;
        for axis in 0..2 {
            for side in [&flux.lower[axis], &flux.upper[axis]] {
                let expected = points[1 - axis];
                if side.shape() != [expected] {
                    return Err(Error::shape("flux", format!("[{expected}]"), side.shape()));
                }
                check_finite("flux", side.shape(), side)?;
            }
        }
        let reflected = Reflected { points };
        Ok(ArrayD::from_shape_fn(IxDyn(&points), |index| {
            let here = [index[0], index[1]];
            let mut sum = 0.0;
            for [a, b] in [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]] {
                let share = if a == 0 && b == 0 { 1.0 - 4.0 / 12.0 } else { 1.0 / 12.0 };
                sum += share * f[IxDyn(&reflected.of(here, [a, b]))];
            }
            (sum + self.side_terms(here, flux, &reflected)) * reflected.weight(here)
        }))
    }

    /// What the ghosts beyond the sides bring to the equation of a vertex, on the right-hand side.
    fn side_terms(&self, here: [usize; 2], flux: &Flux, reflected: &Reflected) -> f64 {
        let h = self.spacing;
        let mut sum = 0.0;
        for axis in 0..2 {
            let (along, points) = (1 - axis, reflected.points);
            let side = match here[axis] {
                0 => (&flux.lower[axis], -1),
                i if i + 1 == points[axis] => (&flux.upper[axis], 1),
                _ => continue,
            };
            // The three ghosts that the stencil reaches; beyond a corner g is even.
            for step in [-1, 0, 1] {
                let mut to = [0; 2];
                to[axis] = side.1;
                to[along] = step;
                let inner = reflected.of(here, to);
                let mut edge = here;
                edge[along] = inner[along];
                let (g, k2) = (side.0[edge[along]], self.squared[IxDyn(&edge)]);
                let beyond = 2.0 * h * g - h.powi(3) / 3.0 * k2 * g;
                sum -= entry(to, self.squared[IxDyn(&inner)], h) * beyond;
            }
        }
        sum
    }
}

/// The entry of the scheme for a neighbour with the given k^2.
fn entry(step: [isize; 2], squared: f64, h: f64) -> f64 {
    match step.iter().filter(|s| **s != 0).count() {
        0 => 10.0 / (3.0 * h * h) - (1.0 - 4.0 / 12.0) * squared,
        1 => -2.0 / (3.0 * h * h) - squared / 12.0,
        _ => -1.0 / (6.0 * h * h),
    }
}

/// Vertices beyond a side stand for those within, mirrored at it.
struct Reflected {
    points: [usize; 2],
}

impl Reflected {
    fn of(&self, here: [usize; 2], step: [isize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let (index, last) = (here[axis] as isize + step[axis], self.points[axis] as isize - 1);
            if index > last { (2 * last - index) as usize } else { index.unsigned_abs() }
        })
    }

    /// The sum of `term` over all neighbours (beyond the sides or not) that stand for the one at `offset`.
    fn sum(&self, here: [usize; 2], offset: [isize; 2], term: impl Fn([isize; 2], [usize; 2]) -> f64) -> f64 {
        let target = [0, 1].map(|axis| (here[axis] as isize + offset[axis]) as usize);
        let mut sum = 0.0;
        for a in -1..=1 {
            for b in -1..=1 {
                if self.of(here, [a, b]) == target {
                    sum += term([a, b], target);
                }
            }
        }
        sum
    }

    /// The part of a vertex that lies within the rectangle: makes the matrix nearly symmetric.
    fn weight(&self, here: [usize; 2]) -> f64 {
        weight(here[0], self.points[0]) * weight(here[1], self.points[1])
    }
}
