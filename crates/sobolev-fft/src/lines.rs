//! One-dimensional transforms along any axis: a sample is seen as `[outer, n, inner]`, and blocks of neighbouring inner
//! columns are copied into contiguous lines, transformed and copied back.

use crate::scratch::ScratchPool;
use ndarray::{ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};
use rayon::prelude::*;

/// Columns that are copied together. A row of a block is then one or two cache lines for every number type in use,
/// and a block of 1024 points stays in the second-level cache.
pub(crate) const LANES: usize = 8;

/// Arrays below this many values are transformed on the calling thread: waking others costs about 10 microseconds.
const PARALLEL_FROM: usize = 1 << 14;

/// How the work of one call is spread over threads. The blocks, and so the bits of the result, are the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// Each sample on one thread: its passes find it in that core's cache.
    Samples,
    /// The blocks of one pass over one sample.
    Blocks,
    /// All on the calling thread.
    None,
}

impl Spread {
    pub(crate) fn choose(batch: usize, values: usize) -> Self {
        let threads = rayon::current_num_threads();
        if threads == 1 || values < PARALLEL_FROM {
            Self::None
        } else if batch >= threads {
            Self::Samples
        } else {
            Self::Blocks
        }
    }

    /// Runs `work` on each of `samples`.
    pub(crate) fn over_samples<J: Send>(
        self,
        samples: impl Iterator<Item = J>,
        work: impl Fn(J) + Sync + Send,
    ) {
        spread(samples, self == Self::Samples, work);
    }

    /// Runs `work` on each of the `blocks` of one sample.
    pub(crate) fn over_blocks<J: Send>(
        self,
        blocks: impl Iterator<Item = J>,
        work: impl Fn(J) + Sync + Send,
    ) {
        spread(blocks, self == Self::Blocks, work);
    }
}

fn spread<J: Send>(jobs: impl Iterator<Item = J>, parallel: bool, work: impl Fn(J) + Sync + Send) {
    if parallel {
        let jobs: Vec<J> = jobs.collect();
        jobs.into_par_iter().for_each(work);
    } else {
        jobs.for_each(work);
    }
}

/// `(outer, n, inner)` of `axis` of a sample of shape `[grid.., channels]`.
pub(crate) fn around_axis(grid: &[usize], channels: usize, axis: usize) -> (usize, usize, usize) {
    let outer = grid[..axis].iter().product();
    let inner = grid[axis + 1..].iter().product::<usize>() * channels;
    (outer, grid[axis], inner)
}

/// Buffers of one thread: [`LANES`] lines, and what the one-dimensional transform asks for.
pub(crate) struct LineBuffers<E, W> {
    pub(crate) lines: Vec<E>,
    pub(crate) work: W,
}

/// Transforms every line of `data`, seen as `[outer, n, inner]`, in place. `transform` gets contiguous lines of n values.
pub(crate) fn transform_lines<E, W>(
    data: &mut [E],
    (outer, n, inner): (usize, usize, usize),
    spread: Spread,
    pool: &ScratchPool<LineBuffers<E, W>>,
    transform: impl Fn(&mut [E], &mut W) + Sync + Send,
) where
    E: Copy + Send,
    W: Send,
{
    if inner == 1 {
        let blocks = data.chunks_mut(LANES * n);
        return spread.over_blocks(blocks, |lines| pool.with(|buffers| transform(lines, &mut buffers.work)));
    }
    spread.over_blocks(column_blocks_mut(data, (outer, n, inner)), |columns| {
        pool.with(|buffers| {
            let lines = &mut buffers.lines[..n * columns.ncols()];
            gather(columns.view(), lines);
            transform(lines, &mut buffers.work);
            scatter(lines, columns);
        });
    });
}

/// Views `[n, LANES]` (the last of a row of blocks may be narrower) that cover `[outer, n, inner]`.
pub(crate) fn column_blocks<E>(
    data: &[E],
    shape: (usize, usize, usize),
) -> impl Iterator<Item = ArrayView2<'_, E>> {
    let array = ArrayView3::from_shape(shape, data).unwrap_or_else(|_| length_is_wrong());
    (0..shape.0).flat_map(move |outer| {
        let plane = array.index_axis_move(Axis(0), outer);
        (0..shape.2).step_by(LANES).map(move |first| {
            let (_, from) = plane.split_at(Axis(1), first);
            from.split_at(Axis(1), LANES.min(shape.2 - first)).0
        })
    })
}

/// As [`column_blocks`], for writing.
pub(crate) fn column_blocks_mut<E>(
    data: &mut [E],
    shape: (usize, usize, usize),
) -> impl Iterator<Item = ArrayViewMut2<'_, E>> {
    let mut array = Some(ArrayViewMut3::from_shape(shape, data).unwrap_or_else(|_| length_is_wrong()));
    let mut plane: Option<ArrayViewMut2<'_, E>> = None;
    std::iter::from_fn(move || {
        let row = match plane.take().filter(|p| p.ncols() > 0) {
            Some(row) => row,
            None => {
                let planes = array.take().filter(|a| a.len_of(Axis(0)) > 0)?;
                let (first, rest) = planes.split_at(Axis(0), 1);
                array = Some(rest);
                first.index_axis_move(Axis(0), 0)
            }
        };
        let width = LANES.min(row.ncols());
        let (block, rest) = row.split_at(Axis(1), width);
        plane = Some(rest);
        Some(block)
    })
}

#[cold]
fn length_is_wrong() -> ! {
    unreachable!("plans check the length of a slice before they cut it")
}

/// Copies the columns of `[n, width]` into `width` contiguous lines.
pub(crate) fn gather<E: Copy>(columns: ArrayView2<'_, E>, lines: &mut [E]) {
    let n = columns.nrows();
    for (i, row) in columns.outer_iter().enumerate() {
        for (j, value) in row.iter().enumerate() {
            lines[j * n + i] = *value;
        }
    }
}

/// The opposite of [`gather`].
pub(crate) fn scatter<E: Copy>(lines: &[E], mut columns: ArrayViewMut2<'_, E>) {
    let n = columns.nrows();
    for (i, mut row) in columns.outer_iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            *value = lines[j * n + i];
        }
    }
}
