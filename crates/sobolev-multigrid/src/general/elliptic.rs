//! Finite volumes for elliptic equations with any condition on each side.

use super::lattice::{Centring, Lattice, Side, Storage};
use super::multigrid::StencilMultigrid;
use super::operator::{StencilOperator, storage_of};
use super::scalar::{Scalar, check_finite};
use super::settings::MultigridParams;
use super::transfer::Interpolation;
use ndarray::{ArrayD, ArrayViewD, IxDyn};
use sobolev_tensor::{Error, Result};

/// What holds on a side of the box.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition<S> {
    /// `u = value`.
    Dirichlet(ArrayD<S>),
    /// `du/dn = value`, outwards.
    Neumann(ArrayD<S>),
    /// `alpha u + du/dn = value`, outwards.
    Robin {
        /// The factor of `u`: a number, or an array over the side.
        alpha: ArrayD<S>,
        /// The right-hand side: a number, or an array over the side.
        value: ArrayD<S>,
    },
    /// The opposite side follows; both sides of the axis must say so.
    Periodic,
}

impl<S: Scalar> Condition<S> {
    /// `u = 0`.
    pub fn zero() -> Self {
        Self::Dirichlet(number(S::default()))
    }

    /// `du/dn = 0`.
    pub fn no_flux() -> Self {
        Self::Neumann(number(S::default()))
    }

    /// `u = value`, the same all over the side.
    pub fn value(value: S) -> Self {
        Self::Dirichlet(number(value))
    }

    /// `alpha u + du/dn = value`, the same all over the side.
    pub fn robin(alpha: S, value: S) -> Self {
        Self::Robin { alpha: number(alpha), value: number(value) }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Dirichlet(_) => "Dirichlet",
            Self::Neumann(_) => "Neumann",
            Self::Robin { .. } => "Robin",
            Self::Periodic => "periodic",
        }
    }

    /// `(alpha, value)` of `alpha u + du/dn = value`; no `alpha` for Dirichlet.
    fn parts(&self) -> Option<(Option<&ArrayD<S>>, &ArrayD<S>)> {
        match self {
            Self::Dirichlet(value) | Self::Neumann(value) => Some((None, value)),
            Self::Robin { alpha, value } => Some((Some(alpha), value)),
            Self::Periodic => None,
        }
    }
}

/// An array of no axes that holds one number.
fn number<S: Scalar>(value: S) -> ArrayD<S> {
    ArrayD::from_elem(IxDyn(&[]), value)
}

/// The equation `-div(a grad u) + c u = f` in a box, by finite volumes of second order. `a` and `c` are given at the points
/// where `u` is: centres of cells, or vertices. On faces between them `a` is their harmonic mean, which keeps the flux
/// right where `a` jumps there. `a` may be another along each axis (a diagonal tensor), and complex, as `c`: absorbing
/// layers are complex coefficients.
///
/// Vertices on a side with a Neumann or Robin condition are unknowns, those on a Dirichlet side are not: `n` cells along
/// an axis have `n - 1` to `n + 1` unknown vertices. Rows of vertices on sides are scaled by the part of their cell that
/// lies within the box, so that the matrix is symmetric; [`right_hand_side`](Self::right_hand_side) does the same to `f`.
///
/// ```
/// use ndarray::ArrayD;
/// use sobolev_multigrid::general::{Centring, Condition, Elliptic, MultigridParams, SolveParams};
/// // -Laplacian u = 1: periodic along the first axis, u = 2 below, du/dn + u = 0 above.
/// let sides = vec![[Condition::Periodic, Condition::Periodic], [Condition::value(2.0), Condition::robin(1.0, 0.0)]];
/// let problem = Elliptic::new(&[64, 32], &[2.0, 1.0], Centring::Cell, sides)?;
/// let mut multigrid = problem.multigrid(MultigridParams::default())?;
/// let f = problem.right_hand_side(ArrayD::ones(vec![64, 32]).view())?;
/// let (u, info) = multigrid.solve(f.view(), &SolveParams::default(), &())?;
/// // It depends on y alone: u = 2 + b y - y^2/2, and (b - 1) + (2 + b - 1/2) = 0.
/// let y = 31.5 / 32.0;
/// assert!((u[[0, 31]] - (2.0 - 0.25 * y - 0.5 * y * y)).abs() < 1e-3);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Elliptic<S> {
    lattice: Lattice,
    spacing: Vec<f64>,
    centring: Centring,
    sides: Vec<[Condition<S>; 2]>,
    /// `a` for each axis at all points.
    diffusion: Vec<ArrayD<S>>,
    reaction: Option<ArrayD<S>>,
}

impl<S: Scalar> Elliptic<S> {
    /// `-Laplacian u = f` on `cells` cells along each axis of a box with side lengths `extent`.
    ///
    /// # Errors
    /// Unless there are one to three axes, with at least two cells, a positive length and conditions each; when values on
    /// a side have a shape that is neither `[]` nor that of the side, or are not finite; when one side of an axis is
    /// periodic and the other is not.
    pub fn new(
        cells: &[usize],
        extent: &[f64],
        centring: Centring,
        sides: Vec<[Condition<S>; 2]>,
    ) -> Result<Self> {
        if !(1..=3).contains(&cells.len()) || cells.iter().any(|n| *n < 2) {
            return Err(Error::shape("cells", "one to three axes of at least 2 cells", cells));
        }
        if extent.len() != cells.len() || extent.iter().any(|l| !(l.is_finite() && *l > 0.0)) {
            let expected = format!("{} positive lengths", cells.len());
            return Err(Error::value("extent", expected, format!("{extent:?}")));
        }
        if sides.len() != cells.len() {
            return Err(Error::value("sides", format!("{} pairs", cells.len()), sides.len()));
        }
        let points: Vec<usize> =
            cells.iter().zip(&sides).map(|(n, pair)| unknowns(*n, centring, pair)).collect();
        let mut lattice = Lattice::new(&points)?.with_centring(centring);
        for (axis, pair) in sides.iter().enumerate() {
            if pair.iter().filter(|side| **side == Condition::Periodic).count() == 1 {
                let got = format!("{} and {}", pair[0].name(), pair[1].name());
                return Err(Error::value("sides", "both sides of an axis periodic, or none", got));
            }
            if pair[0] == Condition::Periodic {
                lattice = lattice.with_periodic(axis)?;
                continue;
            }
            let kind = |side: &Condition<S>| match side {
                Condition::Dirichlet(_) => Side::Zero,
                _ => Side::Natural,
            };
            lattice = lattice.with_sides(axis, [kind(&pair[0]), kind(&pair[1])])?;
            check_values(&points, axis, pair)?;
        }
        let spacing = extent.iter().zip(cells).map(|(length, n)| length / *n as f64).collect();
        let ones = ArrayD::from_elem(IxDyn(&points), S::from_real(1.0));
        let diffusion = vec![ones; cells.len()];
        Ok(Self { lattice, spacing, centring, sides, diffusion, reaction: None })
    }

    /// The same with a coefficient `a`, an array of the lattice's shape.
    ///
    /// # Errors
    /// When the shape differs, or a value is not finite or, where it is real, not positive.
    pub fn with_diffusion(self, a: ArrayViewD<'_, S>) -> Result<Self> {
        let axes = self.diffusion.len();
        self.with_diffusions(&vec![a; axes])
    }

    /// The same with a coefficient for each axis.
    ///
    /// # Errors
    /// As [`with_diffusion`](Self::with_diffusion), and unless there is one for each axis.
    pub fn with_diffusions(mut self, a: &[ArrayViewD<'_, S>]) -> Result<Self> {
        if a.len() != self.diffusion.len() {
            return Err(Error::value("diffusion", format!("{} arrays", self.diffusion.len()), a.len()));
        }
        for a in a {
            self.check("diffusion", a)?;
            if let Some(bad) = a.iter().find(|a| !(S::IS_COMPLEX || a.real() > 0.0) || a.squared() == 0.0) {
                return Err(Error::value("diffusion", "positive values", bad));
            }
        }
        self.diffusion = a.iter().map(|a| a.to_owned()).collect();
        Ok(self)
    }

    /// The same with a term `c u`.
    ///
    /// # Errors
    /// When the shape differs or a value is not finite.
    pub fn with_reaction(mut self, c: ArrayViewD<'_, S>) -> Result<Self> {
        self.check("reaction", &c)?;
        self.reaction = Some(c.to_owned());
        Ok(self)
    }

    fn check(&self, argument: &str, values: &ArrayViewD<'_, S>) -> Result<()> {
        self.lattice.check_shape(argument, values.shape())?;
        check_finite(argument, values)
    }

    /// The unknowns.
    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// Coordinates of the unknowns along an axis.
    ///
    /// # Errors
    /// When there is no such axis.
    pub fn coordinates(&self, axis: usize) -> Result<Vec<f64>> {
        let (Some(pair), Some(h)) = (self.sides.get(axis), self.spacing.get(axis)) else {
            return Err(Error::value("axis", format!("below {}", self.sides.len()), axis));
        };
        let first = match (self.centring, &pair[0]) {
            (Centring::Cell, _) => 0.5,
            (_, Condition::Dirichlet(_)) => 1.0,
            _ => 0.0,
        };
        Ok((0..self.lattice.points()[axis]).map(|i| (first + i as f64) * h).collect())
    }

    /// The matrix.
    ///
    /// # Errors
    /// When an entry is not finite.
    pub fn operator(&self) -> Result<StencilOperator<S>> {
        let storage = storage_of(&self.lattice);
        let missing = 3 - self.lattice.dimensions();
        StencilOperator::from_fn(&self.lattice, |point, offset| {
            let along: Vec<usize> = (0..offset.len()).filter(|axis| offset[*axis] != 0).collect();
            match along[..] {
                [] => self.diagonal(&storage, missing, point),
                [axis] => {
                    let upper = usize::from(offset[axis] > 0);
                    -self.coupling(&storage, missing, point, axis, upper).unwrap_or_default()
                }
                _ => S::default(),
            }
        })
    }

    /// The hierarchy for the matrix; cells take operator-induced interpolation.
    ///
    /// # Errors
    /// As [`StencilMultigrid::new`].
    pub fn multigrid(&self, params: MultigridParams) -> Result<StencilMultigrid<S>> {
        let mut params = params;
        if self.centring == Centring::Cell {
            params.interpolation = Interpolation::OperatorInduced;
        }
        StencilMultigrid::new(self.operator()?, params)
    }

    /// The right-hand side of the matrix equation: `f` at the points, and the values on the sides.
    ///
    /// # Errors
    /// When the shape differs or a value is not finite.
    pub fn right_hand_side(&self, f: ArrayViewD<'_, S>) -> Result<ArrayD<S>> {
        self.check("f", &f)?;
        let mut out = f.to_owned();
        for (index, value) in out.indexed_iter_mut() {
            let point = ndarray::Dimension::slice(&index);
            *value = value.scaled(self.volume(point));
            for axis in 0..point.len() {
                for upper in 0..2 {
                    if self.is_at_side(point, axis, upper) {
                        *value += self.side_terms(point, axis, upper).1;
                    }
                }
            }
        }
        Ok(out)
    }

    fn is_at_side(&self, point: &[usize], axis: usize, upper: usize) -> bool {
        let end = if upper == 1 { self.lattice.points()[axis] - 1 } else { 0 };
        point[axis] == end && self.sides[axis][upper] != Condition::Periodic
    }

    /// Whether the point itself lies on the side.
    fn is_on_side(&self, axis: usize, upper: usize) -> bool {
        self.centring == Centring::Vertex && !matches!(self.sides[axis][upper], Condition::Dirichlet(_))
    }

    /// The part of the cell around a point that lies within the box.
    fn volume(&self, point: &[usize]) -> f64 {
        (0..point.len()).map(|axis| self.width(point, axis)).product()
    }

    fn width(&self, point: &[usize], axis: usize) -> f64 {
        let halves = |upper: usize| self.is_at_side(point, axis, upper) && self.is_on_side(axis, upper);
        [0, 1].iter().map(|upper| if halves(*upper) { 0.0 } else { 0.5 }).sum()
    }

    /// The area of the faces across an axis over the volume of a whole cell, and the spacing: `1 / h`, less at sides.
    fn face(&self, point: &[usize], axis: usize) -> f64 {
        let across = (0..point.len()).filter(|a| *a != axis).map(|a| self.width(point, a)).product::<f64>();
        across / self.spacing[axis]
    }

    /// The coupling to the neighbour, by the harmonic mean of both coefficients; none where there is no neighbour.
    fn coupling(
        &self,
        storage: &Storage,
        missing: usize,
        point: &[usize],
        axis: usize,
        upper: usize,
    ) -> Option<S> {
        let mut offset = [0; 3];
        offset[axis + missing] = if upper == 1 { 1 } else { -1 };
        let mut here = [0; 3];
        here[missing..].copy_from_slice(point);
        let to = storage.neighbour(here, offset)?;
        let (a, b) = (self.diffusion[axis][IxDyn(point)], self.diffusion[axis][IxDyn(&to[missing..])]);
        let mean = (a * b).scaled(2.0) / (a + b);
        Some(mean.scaled(self.face(point, axis) / self.spacing[axis]))
    }

    fn diagonal(&self, storage: &Storage, missing: usize, point: &[usize]) -> S {
        let mut sum = match &self.reaction {
            Some(c) => c[IxDyn(point)].scaled(self.volume(point)),
            None => S::default(),
        };
        for axis in 0..point.len() {
            for upper in 0..2 {
                sum += self.coupling(storage, missing, point, axis, upper).unwrap_or_default();
                if self.is_at_side(point, axis, upper) {
                    sum += self.side_terms(point, axis, upper).0;
                }
            }
        }
        sum
    }

    /// The coefficient on a side next to a point: continued linearly from the two points before it, or that of the first where
    /// this would change its sign.
    fn diffusion_on(&self, point: &[usize], axis: usize, upper: usize) -> S {
        let first = self.diffusion[axis][IxDyn(point)];
        if self.centring == Centring::Vertex {
            return first;
        }
        let mut inner = point.to_vec();
        inner[axis] = if upper == 1 { point[axis] - 1 } else { point[axis] + 1 };
        let continued = first.scaled(1.5) - self.diffusion[axis][IxDyn(&inner)].scaled(0.5);
        if S::IS_COMPLEX || continued.real() > 0.0 { continued } else { first }
    }

    /// What a side adds to the diagonal and to the right-hand side of a point next to it.
    fn side_terms(&self, point: &[usize], axis: usize, upper: usize) -> (S, S) {
        let side = &self.sides[axis][upper];
        let Some((alpha, value)) = side.parts() else { return (S::default(), S::default()) };
        let on_side = |array: &ArrayD<S>| -> S {
            if array.ndim() == 0 {
                return array[IxDyn(&[])];
            }
            let index: Vec<usize> = (0..point.len()).filter(|a| *a != axis).map(|a| point[a]).collect();
            array[IxDyn(&index)]
        };
        let face = self.face(point, axis);
        let value = on_side(value);
        // Distance from the point to the side.
        let distance = match self.centring {
            Centring::Cell => 0.5 * self.spacing[axis],
            Centring::Vertex if self.is_on_side(axis, upper) => 0.0,
            Centring::Vertex => self.spacing[axis],
        };
        if matches!(side, Condition::Dirichlet(_)) {
            let entry = self.diffusion[axis][IxDyn(point)].scaled(face / distance);
            return (entry, entry * value);
        }
        // The value on the side is eliminated from alpha u + (u - u_P) / distance = value; the flux outwards is then
        // a (value - alpha u_P) / (1 + alpha distance).
        let alpha = alpha.map_or(S::default(), on_side);
        let factor =
            self.diffusion_on(point, axis, upper).scaled(face) / (S::from_real(1.0) + alpha.scaled(distance));
        (factor * alpha, factor * value)
    }
}

/// Unknowns along an axis of `n` cells.
fn unknowns<S: Scalar>(n: usize, centring: Centring, pair: &[Condition<S>; 2]) -> usize {
    if centring == Centring::Cell || pair[0] == Condition::Periodic {
        return n;
    }
    n + 1 - pair.iter().filter(|side| matches!(side, Condition::Dirichlet(_))).count()
}

fn check_values<S: Scalar>(points: &[usize], axis: usize, pair: &[Condition<S>; 2]) -> Result<()> {
    let mut side = points.to_vec();
    side.remove(axis);
    for condition in pair {
        let Some((alpha, value)) = condition.parts() else { continue };
        for array in alpha.into_iter().chain([value]) {
            if array.ndim() > 0 && array.shape() != side {
                let argument = format!("values on a side of axis {axis}");
                return Err(Error::shape(argument, format!("[] or {side:?}"), array.shape()));
            }
            check_finite("values on a side", &array.view())?;
        }
    }
    Ok(())
}
