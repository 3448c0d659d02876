//! The transform of one sample: serial, or spread over threads.

use super::TruncatedFourier;
use crate::axis::{Columns, ComplexAxis, Normalisation};
use rayon::prelude::*;
use sobolev_tensor::{Accumulate, Buffer, Real};

/// Rows of the last axis that make one job when a sample is spread over threads: 10 microseconds or more.
const ROWS_OF_A_JOB: usize = 8;

/// One direction of a transform of samples with some number of channels.
#[derive(Clone, Copy)]
pub(super) struct Job<'a, T: Real> {
    transform: &'a TruncatedFourier<T>,
    normalisation: Normalisation,
    channels: usize,
}

/// Buffers of one thread that transforms whole samples.
pub(super) struct Buffers<T> {
    slab: SlabBuffers<T>,
    /// In 3-D, what lies between the two leading axes.
    between: Buffer<T>,
}

/// Buffers of one thread for a slab, see [`Job::slab`].
struct SlabBuffers<T> {
    /// Modes of the last axis.
    rows: Buffer<T>,
    scratch: Buffer<T>,
}

impl<'a, T: Real> Job<'a, T> {
    pub(super) fn new(
        transform: &'a TruncatedFourier<T>,
        normalisation: Normalisation,
        channels: usize,
    ) -> Self {
        Self { transform, normalisation, channels }
    }

    /// Rows of the last axis that are handled together: all in 1-D and 2-D, those of one x1 in 3-D.
    fn slab(&self) -> usize {
        match self.transform.leading.as_slice() {
            [] => 1,
            leading => leading[leading.len() - 1].points(),
        }
    }

    fn scratch(&self) -> Buffer<T> {
        let t = self.transform;
        let leading = t.leading.iter().map(|axis| axis.scratch_len(self.channels));
        let len = leading.chain([t.last.scratch_len(self.channels)]).max().unwrap_or(0);
        t.pool.take(len)
    }

    fn slab_buffers(&self) -> SlabBuffers<T> {
        let t = self.transform;
        let rows = t.pool.take(self.slab() * t.row(self.channels));
        SlabBuffers { rows, scratch: self.scratch() }
    }

    pub(super) fn buffers(&self) -> Buffers<T> {
        let t = self.transform;
        Buffers { slab: self.slab_buffers(), between: t.pool.take(t.between_len(self.channels)) }
    }

    /// One x1 of a 3-D sample: `[n2, n3, c]` to `[2 m2, m3, 2c]`.
    fn analyse_slab(&self, second: &ComplexAxis<T>, x: &[T], y: &mut [T], buffers: &mut SlabBuffers<T>) {
        let (rows, scratch) = (buffers.rows.as_mut_slice(), buffers.scratch.as_mut_slice());
        self.transform.last.analyse(self.normalisation, self.slab(), self.channels, x, rows, scratch);
        second.analyse(self.normalisation, self.channels, rows, y, scratch);
    }

    fn synthesise_slab(
        &self,
        second: &ComplexAxis<T>,
        y: &[T],
        x: &mut [T],
        accumulate: Accumulate,
        buffers: &mut SlabBuffers<T>,
    ) {
        let (rows, scratch) = (buffers.rows.as_mut_slice(), buffers.scratch.as_mut_slice());
        second.synthesise(self.normalisation, self.channels, y, rows, scratch);
        let last = &self.transform.last;
        last.synthesise(self.normalisation, self.slab(), self.channels, rows, x, accumulate, scratch);
    }

    pub(super) fn analyse(&self, x: &[T], y: &mut [T], buffers: &mut Buffers<T>) {
        let (t, kind, c) = (self.transform, self.normalisation, self.channels);
        let Buffers { slab, between } = buffers;
        let (rows, scratch) = (slab.rows.as_mut_slice(), slab.scratch.as_mut_slice());
        match t.leading.as_slice() {
            [] => t.last.analyse(kind, 1, c, x, y, scratch),
            [first] => {
                t.last.analyse(kind, self.slab(), c, x, rows, scratch);
                first.analyse(kind, c, rows, y, scratch);
            }
            [first, second, ..] => {
                let between = between.as_mut_slice();
                let (from, to) = (x.len() / first.points(), between.len() / first.points());
                for (x, y) in x.chunks_exact(from).zip(between.chunks_exact_mut(to)) {
                    self.analyse_slab(second, x, y, slab);
                }
                first.analyse(kind, c, between, y, slab.scratch.as_mut_slice());
            }
        }
    }

    pub(super) fn synthesise(&self, y: &[T], x: &mut [T], accumulate: Accumulate, buffers: &mut Buffers<T>) {
        let (t, kind, c) = (self.transform, self.normalisation, self.channels);
        let Buffers { slab, between } = buffers;
        let (rows, scratch) = (slab.rows.as_mut_slice(), slab.scratch.as_mut_slice());
        match t.leading.as_slice() {
            [] => t.last.synthesise(kind, 1, c, y, x, accumulate, scratch),
            [first] => {
                first.synthesise(kind, c, y, rows, scratch);
                t.last.synthesise(kind, self.slab(), c, rows, x, accumulate, scratch);
            }
            [first, second, ..] => {
                let between = between.as_mut_slice();
                let (to, from) = (x.len() / first.points(), between.len() / first.points());
                first.synthesise(kind, c, y, between, scratch);
                for (x, y) in x.chunks_exact_mut(to).zip(between.chunks_exact(from)) {
                    self.synthesise_slab(second, y, x, accumulate, slab);
                }
            }
        }
    }

    pub(super) fn analyse_in_parallel(&self, x: &[T], y: &mut [T]) {
        let (t, kind, c) = (self.transform, self.normalisation, self.channels);
        let (n, row) = (t.last.points(), t.row(c));
        let Some(first) = t.leading.first() else {
            return self.analyse(x, y, &mut self.buffers());
        };
        let mut middle: Buffer<T> = t.pool.take(first.points() * y.len() / (2 * first.modes()));
        let middle = middle.as_mut_slice();
        if let [first, second] = t.leading.as_slice() {
            let (from, to) = (x.len() / first.points(), middle.len() / first.points());
            x.par_chunks_exact(from).zip(middle.par_chunks_exact_mut(to)).for_each_init(
                || self.slab_buffers(),
                |buffers, (x, y)| self.analyse_slab(second, x, y, buffers),
            );
        } else {
            let rows = ROWS_OF_A_JOB;
            x.par_chunks(rows * n * c).zip(middle.par_chunks_mut(rows * row)).for_each_init(
                || self.scratch(),
                |scratch, (x, y)| t.last.analyse(kind, y.len() / row, c, x, y, scratch.as_mut_slice()),
            );
        }
        let middle = &*middle;
        self.columns_in_parallel(2 * first.modes(), y, |from, y, to, scratch| {
            first.analyse_columns(kind, c, middle, from, y, to, scratch);
        });
    }

    pub(super) fn synthesise_in_parallel(&self, y: &[T], x: &mut [T], accumulate: Accumulate) {
        let (t, kind, c) = (self.transform, self.normalisation, self.channels);
        let (n, row) = (t.last.points(), t.row(c));
        let Some(first) = t.leading.first() else {
            return self.synthesise(y, x, accumulate, &mut self.buffers());
        };
        let mut middle: Buffer<T> = t.pool.take(first.points() * y.len() / (2 * first.modes()));
        let middle = middle.as_mut_slice();
        self.columns_in_parallel(first.points(), middle, |from, x, to, scratch| {
            first.synthesise_columns(kind, c, y, from, x, to, scratch);
        });
        let middle = &*middle;
        if let [first, second] = t.leading.as_slice() {
            let (to, from) = (x.len() / first.points(), middle.len() / first.points());
            x.par_chunks_exact_mut(to).zip(middle.par_chunks_exact(from)).for_each_init(
                || self.slab_buffers(),
                |buffers, (x, y)| self.synthesise_slab(second, y, x, accumulate, buffers),
            );
        } else {
            let rows = ROWS_OF_A_JOB;
            x.par_chunks_mut(rows * n * c).zip(middle.par_chunks(rows * row)).for_each_init(
                || self.scratch(),
                |scratch, (x, y)| {
                    let rows = y.len() / row;
                    t.last.synthesise(kind, rows, c, y, x, accumulate, scratch.as_mut_slice());
                },
            );
        }
    }

    /// Runs `work` on the column chunks of a matrix `to` of `rows` rows, each into a contiguous buffer, and copies them.
    fn columns_in_parallel(
        &self,
        rows: usize,
        to: &mut [T],
        work: impl Fn(Columns, &mut [T], Columns, &mut [T]) + Sync,
    ) {
        let row = to.len() / rows;
        let chunks: Vec<Columns> = Columns::chunks(row, self.channels).collect();
        let most = Columns::most(self.channels);
        let mut staging: Buffer<T> = self.transform.pool.take(to.len());
        let staging = staging.as_mut_slice();
        staging.par_chunks_mut(rows * most).zip(&chunks).for_each_init(
            || self.scratch(),
            |scratch, (part, &from)| {
                let to = Columns { offset: 0, stride: from.width, width: from.width };
                work(from, part, to, scratch.as_mut_slice());
            },
        );
        let staging = &*staging;
        to.par_chunks_exact_mut(row).enumerate().for_each(|(r, to)| {
            for (part, columns) in staging.chunks(rows * most).zip(&chunks) {
                let to = &mut to[columns.offset..][..columns.width];
                to.copy_from_slice(&part[r * columns.width..][..columns.width]);
            }
        });
    }
}
