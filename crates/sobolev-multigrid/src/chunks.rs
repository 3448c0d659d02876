//! Work in parallel over ranges of slabs.
//!
//! A coloured relaxation gives each point the same value in whatever order the points of a colour are visited, and sums
//! over the grid are kept one for each slab and added in order. So results do not depend on how the slabs are divided, and
//! the division may follow the number of threads.

use rayon::prelude::*;
use std::ops::Range;

/// A division of `0..length` into nearly equal ranges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunks {
    bounds: Vec<usize>,
}

impl Chunks {
    pub(crate) fn new(length: usize, count: usize) -> Self {
        let count = count.clamp(1, length.max(1));
        Self { bounds: (0..=count).map(|i| i * length / count).collect() }
    }

    /// First index of each range, and the end of the last.
    pub(crate) fn bounds(&self) -> &[usize] {
        &self.bounds
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.bounds.windows(2).map(|pair| pair[0]..pair[1])
    }
}

/// Runs every task, in parallel when there is more than one.
pub(crate) fn run<P: Send>(mut tasks: Vec<P>, work: impl Fn(P) + Send + Sync) {
    match tasks.len() {
        0 => {}
        1 => work(tasks.remove(0)),
        _ => tasks.into_par_iter().with_max_len(1).for_each(work),
    }
}

/// Cuts `data` at ascending positions: one part for each pair of neighbouring cuts.
pub(crate) fn split_at<'a, T>(data: &'a mut [T], cuts: &[usize]) -> Vec<&'a mut [T]> {
    let mut rest = data;
    let mut position = 0;
    let mut parts = Vec::with_capacity(cuts.len());
    for &cut in cuts {
        let (part, tail) = rest.split_at_mut(cut - position);
        parts.push(part);
        rest = tail;
        position = cut;
    }
    parts.remove(0);
    parts
}

/// Cuts every plane of `data` in the same way: for each pair of neighbouring cuts, its part of every plane.
pub(crate) fn split_planes<'a, T>(data: &'a mut [T], plane: usize, cuts: &[usize]) -> Vec<Vec<&'a mut [T]>> {
    let mut parts: Vec<Vec<&'a mut [T]>> = (1..cuts.len()).map(|_| Vec::new()).collect();
    for plane in data.chunks_exact_mut(plane) {
        for (part, slice) in parts.iter_mut().zip(split_at(plane, cuts)) {
            part.push(slice);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_the_range_once_in_order() {
        for (length, count) in [(10, 3), (2, 5), (1, 1), (421, 8)] {
            let chunks = Chunks::new(length, count);
            let covered: Vec<usize> = chunks.ranges().flatten().collect();
            assert_eq!(covered, (0..length).collect::<Vec<_>>());
            assert!(chunks.ranges().all(|range| !range.is_empty()));
        }
    }

    #[test]
    fn planes_are_cut_alike() {
        let mut data: Vec<usize> = (0..20).collect();
        let parts = split_planes(&mut data, 10, &[2, 5, 9]);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], [&[2, 3, 4][..], &[12, 13, 14]]);
        assert_eq!(parts[1], [&[5, 6, 7, 8][..], &[15, 16, 17, 18]]);
    }
}
