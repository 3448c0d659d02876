//! Where the rows of an array lie.

/// The rows of a complex array inside of a slice: row i has its real parts from `offsets[i]` on and its imaginary parts
/// `imaginary` further on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    offsets: Vec<usize>,
    imaginary: usize,
}

impl Rows {
    /// Rows that begin at `offsets`, each with its imaginary parts `imaginary` behind its real ones.
    pub fn new(offsets: Vec<usize>, imaginary: usize) -> Self {
        Self { offsets, imaginary }
    }

    /// The rows of a contiguous array `[rows, 2, columns]`.
    pub fn contiguous(rows: usize, columns: usize) -> Self {
        Self::new((0..rows).map(|row| 2 * columns * row).collect(), columns)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Begin of each row.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// Distance from real to imaginary parts.
    pub fn imaginary(&self) -> usize {
        self.imaginary
    }

    /// Length of the shortest slice that holds the first `columns` columns of all rows.
    pub fn extent(&self, columns: usize) -> usize {
        self.offsets.iter().max().map_or(0, |last| last + self.imaginary + columns)
    }
}
