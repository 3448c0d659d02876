//! Points of a structured grid along one to three axes, and what lies beyond its sides.

use sobolev_tensor::{Error, Result};

/// What lies beyond the last point on one side of an axis. Interpolation from coarse grids relies on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The solution is zero there: a boundary value that was eliminated.
    #[default]
    Zero,
    /// Nothing: the condition (no flux, a Robin condition) is part of the equations of the points themselves.
    Natural,
}

/// Where the points stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Centring {
    /// At vertices: the boundary lies a whole spacing beyond the first unknown where it was eliminated, and on it else.
    #[default]
    Vertex,
    /// At centres of cells: the boundary lies half a spacing beyond the first unknown.
    Cell,
}

/// The points of a structured grid along one to three axes: how many, where in relation to the boundary, and what holds there.
///
/// ```
/// use sobolev_multigrid::general::{Centring, Lattice, Side};
/// let square = Lattice::new(&[63, 63])?;                       // vertices within a square on whose boundary u = 0
/// let channel = Lattice::new(&[64, 32])?
///     .with_centring(Centring::Cell)
///     .with_periodic(0)?
///     .with_sides(1, [Side::Natural, Side::Zero])?;
/// assert_eq!(channel.unknowns(), 2048);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Lattice {
    points: Vec<usize>,
    centring: Centring,
    periodic: Vec<bool>,
    sides: Vec<[Side; 2]>,
}

impl Lattice {
    /// Vertices within a box on whose sides the solution is zero: `points` unknowns along each axis.
    ///
    /// # Errors
    /// Unless there are one to three axes with at least one point each.
    pub fn new(points: &[usize]) -> Result<Self> {
        if !(1..=3).contains(&points.len()) || points.contains(&0) {
            return Err(Error::shape("points", "one to three axes of at least 1 point", points));
        }
        Ok(Self {
            points: points.to_vec(),
            centring: Centring::Vertex,
            periodic: vec![false; points.len()],
            sides: vec![[Side::Zero; 2]; points.len()],
        })
    }

    /// The same points as centres of cells, or as vertices.
    #[must_use]
    pub fn with_centring(mut self, centring: Centring) -> Self {
        self.centring = centring;
        self
    }

    /// The same points with the last followed by the first along an axis.
    ///
    /// # Errors
    /// When there is no such axis.
    pub fn with_periodic(mut self, axis: usize) -> Result<Self> {
        self.check_axis(axis)?;
        self.periodic[axis] = true;
        Ok(self)
    }

    /// The same points with other conditions beyond the lower and the upper side of an axis.
    ///
    /// # Errors
    /// When there is no such axis.
    pub fn with_sides(mut self, axis: usize, sides: [Side; 2]) -> Result<Self> {
        self.check_axis(axis)?;
        self.sides[axis] = sides;
        Ok(self)
    }

    /// The same sides with other numbers of points.
    pub(crate) fn with_points(&self, points: &[usize]) -> Self {
        Self { points: points.to_vec(), ..self.clone() }
    }

    fn check_axis(&self, axis: usize) -> Result<()> {
        if axis < self.points.len() {
            return Ok(());
        }
        Err(Error::value("axis", format!("below {}", self.points.len()), axis))
    }

    /// Points along each axis.
    pub fn points(&self) -> &[usize] {
        &self.points
    }

    /// Number of axes: 1 to 3.
    pub fn dimensions(&self) -> usize {
        self.points.len()
    }

    /// Number of points.
    pub fn unknowns(&self) -> usize {
        self.points.iter().product()
    }

    /// Where the points stand.
    pub fn centring(&self) -> Centring {
        self.centring
    }

    /// Whether the last point along an axis is followed by the first.
    pub fn is_periodic(&self, axis: usize) -> bool {
        self.periodic[axis]
    }

    /// What lies beyond the lower and the upper side of an axis that is not periodic.
    pub fn sides(&self, axis: usize) -> [Side; 2] {
        self.sides[axis]
    }

    /// Checks that an array has the shape of the lattice.
    pub(crate) fn check_shape(&self, argument: &str, shape: &[usize]) -> Result<()> {
        if shape == self.points {
            return Ok(());
        }
        Err(Error::shape(argument, format!("{:?}", self.points), shape))
    }
}

/// Row-major storage of the values at the points of a lattice, with one layer of ghosts around. Axes that are missing
/// come first and have one point and no ghosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Storage {
    pub(crate) points: [usize; 3],
    pub(crate) stride: [usize; 3],
    pub(crate) len: usize,
    periodic: [bool; 3],
    ghosts: [usize; 3],
}

impl Storage {
    pub(crate) fn new(points: &[usize], periodic: &[bool]) -> Self {
        let missing = 3 - points.len();
        let axis = |a: usize| (a >= missing).then(|| a - missing);
        let points = [0, 1, 2].map(|a| axis(a).map_or(1, |a| points[a]));
        let ghosts = [0, 1, 2].map(|a| usize::from(axis(a).is_some()));
        let periodic = [0, 1, 2].map(|a| axis(a).is_some_and(|a| periodic[a]));
        let padded = [0, 1, 2].map(|a| points[a] + 2 * ghosts[a]);
        let stride = [padded[1] * padded[2], padded[2], 1];
        Self { points, stride, len: padded[0] * stride[0], periodic, ghosts }
    }

    /// Place of a point.
    #[inline(always)]
    pub(crate) fn at(&self, [i, j, k]: [usize; 3]) -> usize {
        let [a, b, c] = self.ghosts;
        (i + a) * self.stride[0] + (j + b) * self.stride[1] + k + c
    }

    /// Distance of a neighbour.
    #[inline(always)]
    pub(crate) fn distance(&self, offset: [isize; 3]) -> isize {
        (0..3).map(|a| offset[a] * self.stride[a] as isize).sum()
    }

    /// The axis along which work is divided: the first of the axes that are there.
    pub(crate) fn slab_axis(&self) -> usize {
        (0..3).find(|a| self.ghosts[*a] == 1).expect("a lattice has axes")
    }

    /// Slabs along [`slab_axis`](Self::slab_axis). A lattice of one axis is a single slab.
    pub(crate) fn slabs(&self) -> usize {
        match self.slab_axis() {
            2 => 1,
            axis => self.points[axis],
        }
    }

    /// The start of a slab in storage, its ghosts included; for the slab after the last, where that would start.
    pub(crate) fn slab_start(&self, slab: usize) -> usize {
        match self.slab_axis() {
            2 => slab * self.len,
            axis => (slab + 1) * self.stride[axis],
        }
    }

    /// Rows of a slab: their outer indices and the place of their first point.
    #[inline(always)]
    pub(crate) fn row(&self, slab: usize, row: usize) -> ([usize; 2], usize) {
        let outer = match self.slab_axis() {
            0 => [slab, row],
            1 => [0, slab],
            _ => [0, 0],
        };
        (outer, self.at([outer[0], outer[1], 0]))
    }

    /// Rows in each slab.
    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        if self.slab_axis() == 0 { self.points[1] } else { 1 }
    }

    /// All points in row-major order.
    pub(crate) fn each(&self) -> impl Iterator<Item = [usize; 3]> + use<> {
        let [a, b, c] = self.points;
        (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| [i, j, k])))
    }

    /// The neighbour of a point, if it is there.
    pub(crate) fn neighbour(&self, point: [usize; 3], offset: [isize; 3]) -> Option<[usize; 3]> {
        let mut to = point;
        for axis in 0..3 {
            let n = self.points[axis] as isize;
            let index = point[axis] as isize + offset[axis];
            to[axis] = match index {
                i if (0..n).contains(&i) => i as usize,
                i if self.periodic[axis] => i.rem_euclid(n) as usize,
                _ => return None,
            };
        }
        Some(to)
    }

    pub(crate) fn is_periodic(&self, axis: usize) -> bool {
        self.periodic[axis]
    }

    /// Copies the points at either end of a periodic axis to the ghosts at the other. Other ghosts stay zero.
    pub(crate) fn fill_ghosts<S: Copy>(&self, x: &mut [S]) {
        for axis in 0..3 {
            if !self.periodic[axis] {
                continue;
            }
            let (n, stride) = (self.points[axis], self.stride[axis]);
            // Planes across the axis: blocks of `stride` values, ghosts along the axes after it included.
            let block = stride * (n + 2);
            for start in (0..self.len).step_by(block) {
                x.copy_within(start + n * stride..start + (n + 1) * stride, start);
                x.copy_within(start + stride..start + 2 * stride, start + (n + 1) * stride);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ghosts_of_periodic_axes_hold_the_other_end_and_the_rest_zero() {
        for (points, periodic) in [
            (vec![5], vec![true]),
            (vec![4, 3], vec![true, false]),
            (vec![3, 4], vec![true, true]),
            (vec![3, 2, 4], vec![false, true, true]),
        ] {
            let storage = Storage::new(&points, &periodic);
            let mut x = vec![0.0; storage.len];
            for (number, point) in storage.each().enumerate() {
                x[storage.at(point)] = number as f64 + 1.0;
            }
            storage.fill_ghosts(&mut x);
            for point in storage.each() {
                for step in 0..27_usize {
                    let offset = [step / 9, step / 3 % 3, step % 3].map(|s| s as isize - 1);
                    if (0..3 - points.len()).any(|a| offset[a] != 0) {
                        continue;
                    }
                    let got = x[storage.at(point).wrapping_add_signed(storage.distance(offset))];
                    let expected = storage.neighbour(point, offset).map_or(0.0, |to| x[storage.at(to)]);
                    assert_eq!(got, expected, "{points:?} {point:?} {offset:?}");
                }
            }
        }
    }

    #[test]
    fn wrong_lattices_are_refused_with_a_reason() {
        assert!(matches!(Lattice::new(&[]), Err(Error::Shape { .. })));
        assert!(matches!(Lattice::new(&[4, 0]), Err(Error::Shape { .. })));
        assert!(matches!(Lattice::new(&[4]).unwrap().with_periodic(1), Err(Error::Value { .. })));
    }
}
