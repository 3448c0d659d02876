//! Parallel loops whose results do not depend on the number of threads: chunks of fixed lengths, and partial sums that are
//! added in order.

use std::ops::Range;

use rayon::prelude::*;
use sobolev_tensor::simd::{self, Kernel, fused};
use sobolev_tensor::{Pool, Real, Tensor};

/// Elements of an elementwise loop that one task handles: 64 KiB in f32, a part of the second-level cache, and tens of
/// microseconds of work.
pub const CHUNK: usize = 16 * 1024;

/// Most tasks that a loop over rows is cut into: plenty for load balance, and few enough that the partial sums of a weight
/// gradient stay small beside the rows.
const TASKS: usize = 64;

/// Most numbers in all partial sums of one loop together.
const PARTIAL_NUMBERS: usize = 1 << 22;

/// Rows cut into tasks of equal length (the last may be shorter), each a whole number of blocks. The cut depends on the
/// sizes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowTasks {
    rows: usize,
    block: usize,
    length: usize,
}

impl RowTasks {
    /// Tasks over `rows` rows that are handled in blocks of `block` rows, where each task has a partial sum of `partial`
    /// numbers (zero for none).
    pub fn new(rows: usize, block: usize, partial: usize) -> Self {
        let tasks = TASKS.min((PARTIAL_NUMBERS / partial.max(1)).max(4));
        let length = rows.div_ceil(tasks).max(1).next_multiple_of(block.max(1));
        Self { rows, block: block.max(1), length }
    }

    /// Number of tasks.
    pub fn count(&self) -> usize {
        self.rows.div_ceil(self.length)
    }

    /// Rows of a task (of the last one, perhaps fewer): the length of its chunks is this times the row length.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The blocks of task `task`, as rows counted from the beginning of the task.
    pub fn blocks(&self, task: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.length.min(self.rows - task * self.length);
        let block = self.block;
        (0..rows.div_ceil(block)).map(move |i| i * block..rows.min((i + 1) * block))
    }
}

/// Sum of the terms `0..len`, in double precision: `partial` sums a range of at most `chunk` terms, and the parts are
/// added in order.
pub fn ordered_sum(len: usize, chunk: usize, partial: impl Fn(Range<usize>) -> f64 + Sync) -> f64 {
    if len <= chunk {
        return partial(0..len);
    }
    let parts: Vec<f64> = (0..len.div_ceil(chunk))
        .into_par_iter()
        .map(|i| partial(i * chunk..len.min((i + 1) * chunk)))
        .collect();
    parts.iter().sum()
}

/// Sum of the squares of all values, in double precision.
pub fn sum_of_squares<T: Real>(values: &[T]) -> f64 {
    ordered_sum(values.len(), CHUNK, |range| simd::run(Squares(&values[range])))
}

struct Squares<'a, T>(&'a [T]);

impl<T: Real> Kernel for Squares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn call<const FUSED: bool>(self) -> f64 {
        let mut sums = [0.0_f64; LANES];
        let blocks = self.0.chunks_exact(LANES);
        let rest = blocks.remainder();
        for block in blocks {
            for i in 0..LANES {
                let value = block[i].to_f64();
                sums[i] = fused::<FUSED, f64>(value, value, sums[i]);
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *sum += value.to_f64() * value.to_f64();
        }
        sums.iter().sum()
    }
}

/// Adds every row of `rows`, `[n, sums.len()]`, to `sums`.
pub fn add_column_sums<T: Real>(rows: &[T], sums: &mut [T]) {
    simd::run(ColumnSums { rows, sums });
}

struct ColumnSums<'a, T> {
    rows: &'a [T],
    sums: &'a mut [T],
}

impl<T: Real> Kernel for ColumnSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        if let [sum] = self.sums {
            let mut lanes = [T::zero(); LANES];
            let blocks = self.rows.chunks_exact(LANES);
            let rest = blocks.remainder();
            for block in blocks {
                for i in 0..LANES {
                    lanes[i] += block[i];
                }
            }
            lanes.iter_mut().zip(rest).for_each(|(lane, term)| *lane += *term);
            *sum += add_lanes(lanes);
            return;
        }
        for row in self.rows.chunks_exact(self.sums.len()) {
            self.sums.iter_mut().zip(row).for_each(|(sum, term)| *sum += *term);
        }
    }
}

/// Lanes of a sum of products: enough chains of additions for every instruction set.
pub(crate) const LANES: usize = 16;

/// Sum of the lanes as a tree.
#[inline(always)]
pub(crate) fn add_lanes<T: Real>(mut sums: [T; LANES]) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

/// Sum of partial sums of `len` numbers each, stored one after the other, added in order.
pub fn add_partials<T: Real>(pool: &Pool, partials: &[T], shape: &[usize]) -> Tensor<T> {
    let mut sum = Tensor::zeros(pool, shape);
    let len = sum.len();
    sum.data_mut().par_chunks_mut(CHUNK).enumerate().for_each(|(i, sum)| {
        for partial in partials.chunks_exact(len) {
            let terms = &partial[i * CHUNK..];
            sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += *term);
        }
    });
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tasks_hold_every_row_once(rows in 1_usize..5000, block in 1_usize..300, partial in 0_usize..3_000_000) {
            let tasks = RowTasks::new(rows, block, partial);
            prop_assert!(tasks.count() <= TASKS);
            let mut next = 0;
            for task in 0..tasks.count() {
                for range in tasks.blocks(task) {
                    prop_assert_eq!(task * tasks.length() + range.start, next);
                    prop_assert!(range.len() <= block && !range.is_empty());
                    next += range.len();
                }
            }
            prop_assert_eq!(next, rows);
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_number_of_threads() {
        let terms: Vec<f64> = sobolev_testing::noise(100_000, 1);
        let sum = || ordered_sum(terms.len(), 1000, |range| terms[range].iter().sum());
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let one = pool(1).install(sum);
        assert_eq!(one.to_bits(), pool(2).install(sum).to_bits());
        assert_eq!(one.to_bits(), pool(5).install(sum).to_bits());
        // Sums of 10^5 numbers below 1 in different orders: within 10^5 eps.
        assert!((one - terms.iter().sum::<f64>()).abs() < 1e-10);
    }

    #[test]
    fn partials_are_added_element_by_element() {
        let partials = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0];
        let sum = add_partials(&Pool::new(), &partials, &[3]);
        assert_eq!(sum.data(), [11.0, 22.0, 33.0]);
    }
}
