//! Cell-centred grids on rectangles and boxes.

use crate::storage::Layout;
use sobolev_tensor::{Error, Result};

/// What holds on a face of the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Boundary {
    /// `u = 0` on the face, half a cell away from the nearest points.
    #[default]
    Dirichlet,
    /// `a du/dn = 0`: no flux through the face.
    Neumann,
}

/// A grid of equal cells over a rectangle (two axes) or a box (three). Unknowns stand at cell centres
/// `x_i = (i + 1/2) h`.
///
/// ```
/// use sobolev_multigrid::{Boundary, Grid};
/// let grid = Grid::new(&[421, 421])?;                                  // unit square, u = 0 on its boundary
/// let channel = Grid::new(&[64, 256])?.with_extent(&[1.0, 4.0])?.with_boundary(0, [Boundary::Neumann; 2])?;
/// assert_eq!(channel.spacing(), [1.0 / 64.0, 1.0 / 64.0]);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    cells: Vec<usize>,
    extent: Vec<f64>,
    boundary: Vec<[Boundary; 2]>,
}

impl Grid {
    /// The unit square or cube with `cells` cells along each axis and `u = 0` on all faces.
    ///
    /// # Errors
    /// Unless there are two or three axes with at least two cells each.
    pub fn new(cells: &[usize]) -> Result<Self> {
        if !(2..=3).contains(&cells.len()) || cells.iter().any(|n| *n < 2) {
            let expected = "two or three axes of at least 2 cells";
            return Err(Error::shape("grid", expected, cells));
        }
        let axes = cells.len();
        Ok(Self {
            cells: cells.to_vec(),
            extent: vec![1.0; axes],
            boundary: vec![[Boundary::Dirichlet; 2]; axes],
        })
    }

    /// The same cells over a domain of other side lengths.
    ///
    /// # Errors
    /// Unless there is one positive finite length for each axis.
    pub fn with_extent(mut self, extent: &[f64]) -> Result<Self> {
        let positive = extent.iter().all(|length| length.is_finite() && *length > 0.0);
        if extent.len() != self.cells.len() || !positive {
            let expected = format!("{} positive lengths", self.cells.len());
            return Err(Error::value("extent", expected, format!("{extent:?}")));
        }
        self.extent = extent.to_vec();
        Ok(self)
    }

    /// The same grid with other conditions on the lower and the upper face of an axis.
    ///
    /// # Errors
    /// When there is no such axis.
    pub fn with_boundary(mut self, axis: usize, boundary: [Boundary; 2]) -> Result<Self> {
        if axis >= self.cells.len() {
            return Err(Error::value("axis", format!("below {}", self.cells.len()), axis));
        }
        self.boundary[axis] = boundary;
        Ok(self)
    }

    /// Cells along each axis.
    pub fn cells(&self) -> &[usize] {
        &self.cells
    }

    /// Number of axes: 2 or 3.
    pub fn dimensions(&self) -> usize {
        self.cells.len()
    }

    /// Side lengths of the domain.
    pub fn extent(&self) -> &[f64] {
        &self.extent
    }

    /// Side lengths of a cell.
    pub fn spacing(&self) -> Vec<f64> {
        self.extent.iter().zip(&self.cells).map(|(length, n)| length / *n as f64).collect()
    }

    /// Conditions on the lower and upper face of each axis.
    pub fn boundary(&self) -> &[[Boundary; 2]] {
        &self.boundary
    }

    /// Number of unknowns.
    pub fn unknowns(&self) -> usize {
        self.cells.iter().product()
    }

    /// Whether constants are in the kernel of the operator: no flux through any face.
    pub fn is_singular(&self) -> bool {
        self.boundary.iter().flatten().all(|face| *face == Boundary::Neumann)
    }

    /// Checks that an array has the shape of the grid.
    pub(crate) fn check_shape(&self, argument: &str, shape: &[usize]) -> Result<()> {
        if shape == self.cells {
            return Ok(());
        }
        Err(Error::shape(argument, format!("{:?}", self.cells), shape))
    }

    /// Axes of the grid in the order of the storage. The contiguous axis comes last: the one with the strongest
    /// coupling, since it is the one that is always coarsened, and the longest of these.
    pub(crate) fn storage_axes(&self) -> Vec<usize> {
        let spacing = self.spacing();
        let shortest = spacing.iter().copied().fold(f64::INFINITY, f64::min);
        let strongest = (0..self.dimensions()).filter(|axis| spacing[*axis] <= shortest * (1.0 + 1e-9));
        let last = strongest.max_by_key(|axis| (self.cells[*axis], *axis)).expect("a grid has axes");
        (0..self.dimensions()).filter(|axis| *axis != last).chain([last]).collect()
    }

    /// Storage of the finest level.
    pub(crate) fn layout(&self) -> Layout {
        let axes: Vec<usize> = self.storage_axes().iter().map(|axis| self.cells[*axis]).collect();
        Layout::new(self.dimensions(), in_slots(&axes, 1))
    }
}

/// Values by storage axis as `[slab, row, column]`; in two dimensions there is no row axis, and `absent` stands there.
pub(crate) fn in_slots<V: Copy>(values: &[V], absent: V) -> [V; 3] {
    match *values {
        [slab, column] => [slab, absent, column],
        [slab, row, column] => [slab, row, column],
        _ => unreachable!("grids have two or three axes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_grids_are_refused_with_a_reason() {
        assert!(matches!(Grid::new(&[16]), Err(Error::Shape { .. })));
        assert!(matches!(Grid::new(&[16, 1]), Err(Error::Shape { .. })));
        let grid = Grid::new(&[16, 16]).unwrap();
        assert!(matches!(grid.clone().with_extent(&[1.0]), Err(Error::Value { .. })));
        assert!(matches!(grid.clone().with_extent(&[1.0, f64::NAN]), Err(Error::Value { .. })));
        assert!(matches!(grid.with_boundary(2, [Boundary::Neumann; 2]), Err(Error::Value { .. })));
    }

    #[test]
    fn strongest_coupling_is_stored_contiguously() {
        let axes = |cells: &[usize], extent: &[f64]| {
            Grid::new(cells).unwrap().with_extent(extent).unwrap().storage_axes()
        };
        assert_eq!(axes(&[64, 64], &[1.0, 1.0]), [0, 1]);
        assert_eq!(axes(&[64, 16], &[1.0, 1.0]), [1, 0]);
        assert_eq!(axes(&[64, 16], &[4.0, 1.0]), [1, 0]);
        assert_eq!(axes(&[16, 64, 32], &[1.0, 1.0, 1.0]), [0, 2, 1]);
    }
}
