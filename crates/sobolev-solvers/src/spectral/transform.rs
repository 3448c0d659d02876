//! Between values of fields on a periodic grid and the coefficients of their kept waves.
//!
//! Coefficients are stored in the order in which the transforms leave them: rows of a few neighbours ([`lanes`]), real parts
//! before imaginary ones. In one dimension the neighbours are waves, or samples
//! where a transform along itself has no algorithm; in more dimensions they are waves of the leading axes.
//! What happens to a coefficient depends on its wave alone, so that only this module knows the order. Some places are
//! padding: transforms leave anything there, and expect zero; tables are zero there.

use super::grid::{PeriodicGrid, Wave};
use num_complex::Complex64;
use sobolev_fft::column::{
    ColumnFourier, ColumnScratch, RealColumnFourier, Rows, SingleFourier, lanes, to_columns, to_rows,
};
use sobolev_tensor::{Buffer, Real, Result};

/// Whether a field is real or complex: a complex one has two arrays of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Real,
    Complex,
}

/// The transform of a field on one grid.
#[derive(Debug)]
pub(crate) struct FieldTransform<T: Real> {
    grid: PeriodicGrid,
    kind: Kind,
    first: First<T>,
    /// Waves of the first axis in their order; padding is none.
    first_waves: Vec<Option<usize>>,
    /// The second axis in three dimensions.
    middle: Option<Axis<T>>,
    /// The last axis in two and three dimensions.
    last: Option<Axis<T>>,
    /// Columns of the first axis: samples, or points of the other axes with their padding.
    columns: usize,
    /// Columns of the axis before the last: points of the last axis with their padding.
    inner: usize,
    /// Waves of all axes but the last in their order.
    leading: Vec<Option<[usize; 3]>>,
}

#[derive(Debug)]
enum First<T: Real> {
    Real(RealColumnFourier<T>, Rows),
    Complex(Axis<T>),
    /// One sample in one dimension.
    Single(SingleFourier<T>),
}

/// A complex axis. Waves that are not kept share one row of padding at the end.
#[derive(Debug)]
struct Axis<T: Real> {
    plan: ColumnFourier<T>,
    values: Rows,
    waves: Rows,
    /// Wave of each stored row.
    stored: Vec<Option<usize>>,
}

impl<T: Real> Axis<T> {
    /// Axis `axis` of `grid` with `values` on it and rows of coefficients `[stored, 2, columns]`.
    fn new(grid: &PeriodicGrid, axis: usize, values: Rows, columns: usize) -> Result<Self> {
        let n = grid.points()[axis];
        let mut stored: Vec<Option<usize>> = grid.kept_rows(axis).into_iter().map(Some).collect();
        let place = |row: usize| stored.iter().position(|kept| *kept == Some(row)).unwrap_or(stored.len());
        let offsets: Vec<usize> = (0..n).map(|row| 2 * columns * place(row)).collect();
        if stored.len() < n {
            stored.push(None);
        }
        Ok(Self { plan: ColumnFourier::new(n)?, values, waves: Rows::new(offsets, columns), stored })
    }

    /// Length of the coefficients for `columns` columns.
    fn len(&self, columns: usize) -> usize {
        2 * columns * self.stored.len()
    }
}

/// Working memory of a transform, one for each thread.
#[derive(Debug)]
pub(crate) struct TransformScratch<T: Real> {
    columns: ColumnScratch<T>,
    /// `[waves of axis 1, 2, columns]`.
    first: Buffer<T>,
    /// `[waves of axes 1 and 2, 2, inner]`.
    second: Buffer<T>,
    /// `[points of the last axis, 2, lanes]`.
    tile: Buffer<T>,
}

impl<T: Real> FieldTransform<T> {
    pub(crate) fn new(grid: &PeriodicGrid, kind: Kind) -> Result<Self> {
        if let ([n], Kind::Real) = (grid.points(), kind)
            && let Some(plan) = SingleFourier::new(*n, grid.kept(0) + 1)?
        {
            return Ok(Self::single(grid, plan));
        }
        Self::in_blocks(grid, kind)
    }

    fn single(grid: &PeriodicGrid, plan: SingleFourier<T>) -> Self {
        Self {
            grid: grid.clone(),
            kind: Kind::Real,
            first: First::Single(plan),
            first_waves: Vec::new(),
            middle: None,
            last: None,
            columns: 1,
            inner: 1,
            leading: (0..=grid.kept(0)).map(|k| Some([k, 0, 0])).collect(),
        }
    }

    fn in_blocks(grid: &PeriodicGrid, kind: Kind) -> Result<Self> {
        let points = grid.points();
        let width = lanes::<T>();
        let n1 = points[0];
        let (columns, inner) = match points[1..] {
            [] => (width, width),
            [n2] => (n2.next_multiple_of(width), n2.next_multiple_of(width)),
            [n2, n3, ..] => (n2 * n3.next_multiple_of(width), n3.next_multiple_of(width)),
        };
        let (first, first_waves) = match kind {
            Kind::Real => {
                let waves = grid.kept(0) + 1;
                let plan = RealColumnFourier::new(n1, waves, columns)?;
                (First::Real(plan, Rows::contiguous(waves, columns)), (0..waves).map(Some).collect())
            }
            Kind::Complex => {
                let values = Rows::new((0..n1).map(|row| row * columns).collect(), n1 * columns);
                let axis = Axis::new(grid, 0, values, columns)?;
                let waves = axis.stored.clone();
                (First::Complex(axis), waves)
            }
        };
        let middle = match *points {
            [_, n2, _] => {
                let values = Rows::new((0..n2).map(|row| row * inner).collect(), columns);
                Some(Axis::new(grid, 1, values, inner)?)
            }
            _ => None,
        };
        let leading = first_waves.iter().flat_map(|k1| match (k1, &middle) {
            // Padding of the first axis has no rows of its own further on.
            (None, Some(_)) => Vec::new(),
            (Some(k1), Some(middle)) => middle.stored.iter().map(|k2| k2.map(|k2| [*k1, k2, 0])).collect(),
            (k1, None) => vec![k1.map(|k1| [k1, 0, 0])],
        });
        let leading: Vec<_> = leading.collect();
        let last = match points.len() {
            1 => None,
            d => Some(Axis::new(grid, d - 1, Rows::contiguous(points[d - 1], width), width)?),
        };
        Ok(Self { grid: grid.clone(), kind, first, first_waves, middle, last, columns, inner, leading })
    }

    /// Samples that are transformed together.
    pub(crate) fn samples(&self) -> usize {
        if self.last.is_none() && !self.is_single() { lanes::<T>() } else { 1 }
    }

    fn is_single(&self) -> bool {
        matches!(self.first, First::Single(_))
    }

    /// Arrays of values that the field has.
    pub(crate) fn arrays(&self) -> usize {
        if self.kind == Kind::Real { 1 } else { 2 }
    }

    /// Numbers of one array of values, padding included.
    pub(crate) fn array_len(&self) -> usize {
        self.grid.points()[0] * self.columns
    }

    fn blocks(&self) -> usize {
        self.leading.len().div_ceil(lanes::<T>())
    }

    /// Numbers of the coefficients.
    pub(crate) fn coefficients_len(&self) -> usize {
        let width = lanes::<T>();
        let rows = if self.is_single() { self.blocks() } else { self.leading.len() };
        self.last.as_ref().map_or(2 * width * rows, |last| self.blocks() * last.len(width))
    }

    pub(crate) fn scratch(&self) -> TransformScratch<T> {
        let width = lanes::<T>();
        let padded = self.blocks() * width;
        let (first, second) = match (&self.middle, &self.last) {
            (_, None) => (0, 0),
            (None, _) => (padded * 2 * self.columns, 0),
            (Some(_), _) => (self.first_waves.len() * 2 * self.columns, padded * 2 * self.inner),
        };
        let tile = self.last.as_ref().map_or(0, |last| last.values.extent(width));
        TransformScratch {
            columns: ColumnScratch::default(),
            first: Buffer::detached(first),
            second: Buffer::detached(second),
            tile: Buffer::detached(tile),
        }
    }

    /// The value of `symbol` at the wave of each coefficient in their order, one for each pair of numbers; zero at padding.
    pub(crate) fn table(&self, symbol: &dyn Fn(&Wave) -> Complex64) -> Vec<Complex64> {
        let value =
            |rows: Option<[usize; 3]>| rows.map_or(Complex64::ZERO, |rows| symbol(&self.grid.wave(rows)));
        self.rows().into_iter().map(value).collect()
    }

    /// The number along each axis of the wave of each coefficient, in the order of [`table`](Self::table).
    pub(crate) fn waves(&self) -> Vec<Option<[i32; 3]>> {
        let number = |rows: [usize; 3]| self.grid.numbers(rows);
        self.rows().into_iter().map(|rows| rows.map(number)).collect()
    }

    /// The highest kept wave of each axis.
    pub(crate) fn kept(&self) -> Vec<usize> {
        (0..self.grid.points().len()).map(|axis| self.grid.kept(axis)).collect()
    }

    /// Rows of the whole transforms of each coefficient; none at padding.
    fn rows(&self) -> Vec<Option<[usize; 3]>> {
        let width = lanes::<T>();
        if self.is_single() {
            return (0..width * self.blocks())
                .map(|place| self.leading.get(place).copied().flatten())
                .collect();
        }
        let Some(last) = &self.last else {
            return self.leading.iter().flat_map(|&rows| std::iter::repeat_n(rows, width)).collect();
        };
        let axis = self.grid.points().len() - 1;
        let at = |leading: usize, stored: &Option<usize>| {
            let mut rows = (*self.leading.get(leading)?)?;
            rows[axis] = (*stored)?;
            Some(rows)
        };
        let rows = (0..self.blocks()).flat_map(|block| last.stored.iter().map(move |row| (block, row)));
        rows.flat_map(|(block, row)| (0..width).map(move |lane| at(block * width + lane, row))).collect()
    }

    /// Coefficients, zero at padding, to values: plain sums over the kept waves, not divided by the number of points.
    ///
    /// # Errors
    /// None for arrays of the lengths of this transform.
    pub(crate) fn inverse(
        &self,
        coefficients: &[T],
        values: &mut [T],
        scratch: &mut TransformScratch<T>,
    ) -> Result<()> {
        let TransformScratch { columns, first, second, tile } = scratch;
        let Some(last) = &self.last else {
            return self.first_inverse(coefficients, values, columns);
        };
        let (first, second, tile) = (first.as_mut_slice(), second.as_mut_slice(), tile.as_mut_slice());
        let width = lanes::<T>();
        let target = if self.middle.is_some() { &mut *second } else { &mut *first };
        for (block, part) in coefficients.chunks_exact(last.len(width)).enumerate() {
            last.plan.inverse((part, &last.waves), (tile, &last.values), width, columns)?;
            for (from, shift) in [(0, 0), (width, self.inner)] {
                let rows = self.row_offsets(block, shift);
                to_rows(&tile[from..], 2 * width, last.plan.points(), target, &rows[..width])?;
            }
        }
        if let Some(middle) = &self.middle {
            let waves = self.first_waves.iter().filter(|wave| wave.is_some()).count();
            let targets = first.chunks_exact_mut(2 * self.columns);
            let sources = second.chunks_exact(middle.len(self.inner));
            for (source, target) in sources.zip(targets).take(waves) {
                let (from, to) = ((source, &middle.waves), (target, &middle.values));
                middle.plan.inverse(from, to, self.inner, columns)?;
            }
            // What forward left in the padding of a complex first axis.
            first[waves * 2 * self.columns..].fill(T::zero());
        }
        self.first_inverse(first, values, columns)
    }

    /// Values to coefficients: plain sums. Padding holds anything afterwards.
    ///
    /// # Errors
    /// None for arrays of the lengths of this transform.
    pub(crate) fn forward(
        &self,
        values: &[T],
        coefficients: &mut [T],
        scratch: &mut TransformScratch<T>,
    ) -> Result<()> {
        let TransformScratch { columns, first, second, tile } = scratch;
        let Some(last) = &self.last else {
            return self.first_forward(values, coefficients, columns);
        };
        let (first, second, tile) = (first.as_mut_slice(), second.as_mut_slice(), tile.as_mut_slice());
        let width = lanes::<T>();
        self.first_forward(values, first, columns)?;
        if let Some(middle) = &self.middle {
            let waves = self.first_waves.iter().filter(|wave| wave.is_some()).count();
            let sources = first.chunks_exact(2 * self.columns);
            let targets = second.chunks_exact_mut(middle.len(self.inner));
            for (source, target) in sources.zip(targets).take(waves) {
                let (from, to) = ((source, &middle.values), (target, &middle.waves));
                middle.plan.forward(from, to, self.inner, columns)?;
            }
        }
        let source = if self.middle.is_some() { &*second } else { &*first };
        for (block, part) in coefficients.chunks_exact_mut(last.len(width)).enumerate() {
            for (to, shift) in [(0, 0), (width, self.inner)] {
                let rows = self.row_offsets(block, shift);
                to_columns(source, &rows[..width], last.plan.points(), &mut tile[to..], 2 * width)?;
            }
            last.plan.forward((tile, &last.values), (part, &last.waves), width, columns)?;
        }
        Ok(())
    }

    /// Where the rows of a block begin in an array `[leading, 2, inner]`.
    fn row_offsets(&self, block: usize, shift: usize) -> [usize; 8] {
        std::array::from_fn(|lane| (block * lanes::<T>() + lane) * 2 * self.inner + shift)
    }

    fn first_forward(&self, values: &[T], to: &mut [T], columns: &mut ColumnScratch<T>) -> Result<()> {
        match &self.first {
            First::Real(plan, waves) => plan.forward(values, (to, waves), self.columns, columns),
            First::Single(plan) => plan.forward(values, to, columns),
            First::Complex(axis) => {
                axis.plan.forward((values, &axis.values), (to, &axis.waves), self.columns, columns)
            }
        }
    }

    fn first_inverse(&self, from: &[T], values: &mut [T], columns: &mut ColumnScratch<T>) -> Result<()> {
        match &self.first {
            First::Real(plan, waves) => plan.inverse((from, waves), values, self.columns, columns),
            First::Single(plan) => plan.inverse(from, values, columns),
            First::Complex(axis) => {
                axis.plan.inverse((from, &axis.waves), (values, &axis.values), self.columns, columns)
            }
        }
    }

    /// Copies a sample of one array, `[x1, .., xd]` with `stride` numbers from one to the next, into the array of values, in
    /// one dimension into column `lane`.
    pub(crate) fn load(&self, sample: impl Iterator<Item = T>, lane: usize, values: &mut [T]) {
        let places = self.places(lane);
        sample.zip(places).for_each(|(value, place)| values[place] = value);
    }

    /// The values of a sample in the order of its points.
    pub(crate) fn read<'a>(&'a self, values: &'a [T], lane: usize) -> impl Iterator<Item = T> + 'a {
        self.places(lane).map(|place| values[place])
    }

    /// Where the points lie, in their order.
    fn places(&self, lane: usize) -> impl Iterator<Item = usize> + '_ {
        let points = self.grid.points();
        let (row, pitch) = match points.len() {
            1 => (1, lanes::<T>()),
            _ => (points[points.len() - 1], self.inner),
        };
        let half = if self.is_single() { points[0] / 2 } else { 0 };
        (0..self.grid.len()).map(move |i| match half {
            0 => i / row * pitch + i % row + lane,
            // Values of even number, then those of odd number.
            _ => i / 2 + i % 2 * half,
        })
    }
}
