//! A leading axis: complex points to modes of both signs.

use super::fft::ComplexFft;
use super::kernel::{self, ComplexAnalysis, ComplexSynthesis, Rows};
use super::tables::Tables;
use super::{Form, Normalisation, check_channels, check_len, check_scratch};
use sobolev_tensor::{Error, Real, Result};

/// Truncated complex transform of n points to the 2m modes 0 .. m-1, -m .. -1.
///
/// A point (or mode) is a row of L values, L = the product of all axes behind this one: blocks of 2c values, c real parts
/// and c imaginary parts.
///
/// - forward: `X_k = sum_j x_j exp(-2 pi i j k / n)`, `[n, L]` to `[2m, L]`;
/// - inverse: `x_j = (1/n) sum_k X_k exp(2 pi i j k / n)` over the kept k;
/// - and the transposes of both. The inverse is the transpose of the forward transform over n.
///
/// The modes k and -k share their products: `sum x_j cos` and `sum x_j sin` of the even and the odd part.
#[derive(Debug, Clone)]
pub struct ComplexAxis<T: Real> {
    points: usize,
    modes: usize,
    parts: Parts<T>,
}

#[derive(Debug, Clone)]
enum Parts<T: Real> {
    /// Modes 1 .. m; mode 0 needs a sum only.
    Matrix(Tables<T>),
    Fft(ComplexFft<T>),
}

/// Values of a row in one job when a transform is spread over threads; more where one block has more.
const CHUNK_VALUES: usize = 128;

/// The columns `offset..offset + width` of a matrix whose rows lie `stride` apart: whole blocks of 2c values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub(crate) offset: usize,
    pub(crate) stride: usize,
    pub(crate) width: usize,
}

impl Columns {
    /// Width of the widest chunk.
    pub(crate) fn most(channels: usize) -> usize {
        2 * channels * (CHUNK_VALUES / (2 * channels)).max(1)
    }

    /// The chunks of a row of `row` values; their transforms are independent.
    pub(crate) fn chunks(row: usize, channels: usize) -> impl Iterator<Item = Self> {
        let most = Self::most(channels);
        (0..row).step_by(most).map(move |offset| Self { offset, stride: row, width: most.min(row - offset) })
    }

    /// The blocks of 2c values.
    fn blocks(self, channels: usize) -> impl Iterator<Item = Rows> {
        let offsets = (self.offset..self.offset + self.width).step_by(2 * channels);
        offsets.map(move |offset| Rows { offset, stride: self.stride })
    }

    /// Panics unless `rows` rows of these columns lie in a slice of `len` values.
    fn check(self, rows: usize, len: usize) {
        // Saturated: no slice has that many values.
        let last = (rows - 1).saturating_mul(self.stride).saturating_add(self.offset);
        assert!(last.saturating_add(self.width) <= len, "columns exceed the slice");
    }
}

impl<T: Real> ComplexAxis<T> {
    /// The matrix form for `points` points and `modes` modes of each sign.
    ///
    /// # Errors
    /// [`Error::Value`] when `points` or `modes` is zero, or `2 modes` exceeds `points`.
    pub fn new(points: usize, modes: usize) -> Result<Self> {
        Self::with_form(points, modes, Form::Matrix)
    }

    /// The form `form` for `points` points and `modes` modes of each sign.
    ///
    /// # Errors
    /// As [`ComplexAxis::new`].
    pub fn with_form(points: usize, modes: usize, form: Form) -> Result<Self> {
        Self::check_sizes(points, modes)?;
        let parts = match form {
            Form::Matrix => Parts::Matrix(Tables::new(points, 1, modes, 1.0, |_| 1.0 / points as f64)),
            Form::Fft => Parts::Fft(ComplexFft::new(points, modes)),
        };
        Ok(Self { points, modes, parts })
    }

    pub(crate) fn check_sizes(points: usize, modes: usize) -> Result<()> {
        if points < 2 {
            return Err(Error::value("points", "at least 2 on a leading axis", points));
        }
        let most = points / 2;
        if modes == 0 || modes > most {
            let expected =
                format!("1 to {most} on a leading axis ({points} points, two rows a mode: k and -k)");
            let error = Error::value("modes", expected, modes);
            return Err(error.with_hint(format!("use at most {most} or a finer grid")));
        }
        Ok(())
    }

    /// Points n.
    pub fn points(&self) -> usize {
        self.points
    }

    /// Modes m of each sign.
    pub fn modes(&self) -> usize {
        self.modes
    }

    /// How this axis is computed.
    pub fn form(&self) -> Form {
        match self.parts {
            Parts::Matrix(_) => Form::Matrix,
            Parts::Fft(_) => Form::Fft,
        }
    }

    /// Values of scratch that each operation needs for `channels` channels; none in matrix form.
    pub fn scratch_len(&self, channels: usize) -> usize {
        match &self.parts {
            Parts::Matrix(_) => 0,
            Parts::Fft(fft) => fft.scratch_len(channels),
        }
    }

    /// Modes `y` `[2m, L]` of the points `x` `[n, L]`.
    ///
    /// # Panics
    /// When the slices have not the same L, L is no multiple of 2c, or `scratch` is shorter than [`ComplexAxis::scratch_len`].
    pub fn forward(&self, channels: usize, x: &[T], y: &mut [T], scratch: &mut [T]) {
        self.analyse(Normalisation::Forward, channels, x, y, scratch);
    }

    /// Points `x` `[n, L]` of the modes `y` `[2m, L]`.
    ///
    /// # Panics
    /// As [`ComplexAxis::forward`].
    pub fn inverse(&self, channels: usize, y: &[T], x: &mut [T], scratch: &mut [T]) {
        self.synthesise(Normalisation::Inverse, channels, y, x, scratch);
    }

    /// Transpose of [`ComplexAxis::forward`]: `[2m, L]` to `[n, L]`.
    ///
    /// # Panics
    /// As [`ComplexAxis::forward`].
    pub fn forward_adjoint(&self, channels: usize, y: &[T], x: &mut [T], scratch: &mut [T]) {
        self.synthesise(Normalisation::Forward, channels, y, x, scratch);
    }

    /// Transpose of [`ComplexAxis::inverse`]: `[n, L]` to `[2m, L]`.
    ///
    /// # Panics
    /// As [`ComplexAxis::forward`].
    pub fn inverse_adjoint(&self, channels: usize, x: &[T], y: &mut [T], scratch: &mut [T]) {
        self.analyse(Normalisation::Inverse, channels, x, y, scratch);
    }

    fn scale(&self, normalisation: Normalisation) -> T {
        match normalisation {
            Normalisation::Forward => T::one(),
            Normalisation::Inverse => T::cast(1.0 / self.points as f64),
        }
    }

    fn check(&self, channels: usize, x: &[T], y: &[T], scratch: &[T]) -> usize {
        check_channels(channels);
        let row = x.len() / self.points;
        check_len("points", x, self.points * (row / (2 * channels)) * 2 * channels);
        check_len("modes", y, 2 * self.modes * row);
        check_scratch(scratch, self.scratch_len(channels));
        row
    }

    /// [`ComplexAxis::forward`] or [`ComplexAxis::inverse_adjoint`].
    pub(crate) fn analyse(
        &self,
        normalisation: Normalisation,
        channels: usize,
        x: &[T],
        y: &mut [T],
        scratch: &mut [T],
    ) {
        let row = self.check(channels, x, y, scratch);
        let columns = Columns { offset: 0, stride: row, width: row };
        self.analyse_columns(normalisation, channels, x, columns, y, columns, scratch);
    }

    /// [`ComplexAxis::inverse`] or [`ComplexAxis::forward_adjoint`].
    pub(crate) fn synthesise(
        &self,
        normalisation: Normalisation,
        channels: usize,
        y: &[T],
        x: &mut [T],
        scratch: &mut [T],
    ) {
        let row = self.check(channels, x, y, scratch);
        let columns = Columns { offset: 0, stride: row, width: row };
        self.synthesise_columns(normalisation, channels, y, columns, x, columns, scratch);
    }

    /// [`ComplexAxis::analyse`] of some columns.
    pub(crate) fn analyse_columns(
        &self,
        normalisation: Normalisation,
        channels: usize,
        x: &[T],
        from: Columns,
        y: &mut [T],
        to: Columns,
        scratch: &mut [T],
    ) {
        let (points, modes, scale) = (self.points, self.modes, self.scale(normalisation));
        from.check(points, x.len());
        to.check(2 * modes, y.len());
        match &self.parts {
            Parts::Matrix(tables) => {
                let table = tables.analysis(normalisation);
                for (from, to) in from.blocks(channels).zip(to.blocks(channels)) {
                    let y = &mut *y;
                    let mut kernel =
                        ComplexAnalysis { points, modes, channels, table, scale, x, from, y, to };
                    // SAFETY: the rows were checked, and the table is this axis' own.
                    unsafe { kernel::run(channels, &mut kernel) };
                }
            }
            Parts::Fft(fft) => fft.analyse(channels, scale, x, from, y, to, scratch),
        }
    }

    /// The transpose of [`ComplexAxis::analyse_columns`].
    pub(crate) fn synthesise_columns(
        &self,
        normalisation: Normalisation,
        channels: usize,
        y: &[T],
        from: Columns,
        x: &mut [T],
        to: Columns,
        scratch: &mut [T],
    ) {
        let (points, modes, scale) = (self.points, self.modes, self.scale(normalisation));
        from.check(2 * modes, y.len());
        to.check(points, x.len());
        match &self.parts {
            Parts::Matrix(tables) => {
                let table = tables.synthesis(normalisation);
                for (from, to) in from.blocks(channels).zip(to.blocks(channels)) {
                    let x = &mut *x;
                    let mut kernel =
                        ComplexSynthesis { points, modes, channels, table, scale, y, from, x, to };
                    // SAFETY: the rows were checked, and the table is this axis' own.
                    unsafe { kernel::run(channels, &mut kernel) };
                }
            }
            Parts::Fft(fft) => fft.synthesise(channels, scale, y, from, x, to, scratch),
        }
    }
}
