use super::*;
use crate::chunks::run;
use crate::stencil::{Neighbours, Offset, couplings, offsets};
use sobolev_tensor::simd::{self, Kernel};
use sobolev_testing::{noise, relative_error};

/// A matrix with all its entries, the slow form that the fast ones are compared with.
pub(crate) struct Dense {
    rows: usize,
    columns: usize,
    pub(crate) entries: Vec<f64>,
}

/// Places of the points, `lead` columns at the start of each row left out.
fn places(layout: &Layout, lead: usize) -> Vec<usize> {
    let [slabs, rows, columns] = layout.shape();
    let points =
        (0..slabs).flat_map(|s| (0..rows).flat_map(move |r| (lead..columns).map(move |c| (s, r, c))));
    points.map(|(s, r, c)| layout.place(s, r, c)).collect()
}

impl Dense {
    fn zeros(rows: usize, columns: usize) -> Self {
        Self { rows, columns, entries: vec![0.0; rows * columns] }
    }

    pub(crate) fn random_stencil(layout: &Layout, offsets: &'static [Offset]) -> Stencil<f64> {
        let mut stencil = Stencil::zeros(layout, offsets);
        let places = places(layout, 0);
        let mut numbers = noise(places.len() * (offsets.len() + 1), 1).into_iter().map(|v| v.abs() + 0.1);
        for &place in &places {
            let parity = layout.column_parity(place);
            // Couplings come in pairs, the stored one first.
            for (_, link) in couplings(layout, offsets, parity).step_by(2) {
                let neighbour = place.wrapping_add_signed(link.value);
                if places.contains(&neighbour) {
                    let w = numbers.next().unwrap();
                    stencil.weights[place.wrapping_add_signed(link.weight)] = w;
                    stencil.diagonal[place] += w;
                    stencil.diagonal[neighbour] += w;
                }
            }
        }
        for &place in &places {
            stencil.diagonal[place] += 0.1 * numbers.next().unwrap();
            stencil.inverse_diagonal[place] = 1.0 / stencil.diagonal[place];
        }
        stencil
    }

    pub(crate) fn of_stencil(layout: &Layout, lead: usize, stencil: &Stencil<f64>) -> Self {
        let places = places(layout, lead);
        let n = places.len();
        let mut dense = Self::zeros(n, n);
        for (i, &place) in places.iter().enumerate() {
            dense.entries[i * n + i] = stencil.diagonal[place];
            for (_, link) in couplings(layout, stencil.offsets, layout.column_parity(place)) {
                let weight = stencil.weights[place.wrapping_add_signed(link.weight)];
                match places.iter().position(|p| *p == place.wrapping_add_signed(link.value)) {
                    Some(j) => dense.entries[i * n + j] = -weight,
                    None => assert_eq!(weight, 0.0, "a coupling to a ghost"),
                }
            }
        }
        dense
    }

    pub(crate) fn of_interpolation(transfer: &Transfer<f64>) -> Self {
        let (fine, coarse) = (places(&transfer.fine, 0), places(&transfer.coarse, transfer.lead));
        let mut dense = Self::zeros(fine.len(), coarse.len());
        for (j, &place) in coarse.iter().enumerate() {
            // The coarse vector has its columns in natural order.
            let layout = &transfer.coarse;
            let parity = layout.column_parity(place);
            let even = place - parity * layout.half;
            let start = even - (even - layout.base(-1)) % layout.row_stride;
            let mut e = vec![0.0; layout.len()];
            e[start + 2 * (even - start) + parity] = 1.0;
            let mut x = vec![0.0; transfer.fine.len()];
            prolong_all(transfer, &e, &mut x);
            for (i, &place) in fine.iter().enumerate() {
                dense.entries[i * coarse.len() + j] = x[place];
            }
        }
        dense
    }

    pub(crate) fn transposed(&self) -> Self {
        let mut out = Self::zeros(self.columns, self.rows);
        for i in 0..self.rows {
            for j in 0..self.columns {
                out.entries[j * self.rows + i] = self.entries[i * self.columns + j];
            }
        }
        out
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut out = Self::zeros(self.rows, other.columns);
        for i in 0..self.rows {
            for k in 0..self.columns {
                for j in 0..other.columns {
                    out.entries[i * other.columns + j] +=
                        self.entries[i * self.columns + k] * other.entries[k * other.columns + j];
                }
            }
        }
        out
    }
}

fn prolong_all(transfer: &Transfer<f64>, e: &[f64], x: &mut [f64]) {
    struct Prolong<'a>(&'a Transfer<f64>, &'a [f64], &'a mut [f64]);
    impl Kernel for Prolong<'_> {
        type Output = ();

        #[inline(always)]
        fn call<const FUSED: bool>(self) {
            let Prolong(transfer, e, x) = self;
            for slab in 0..transfer.fine.slabs {
                for row in 0..transfer.fine.rows {
                    for parity in 0..2 {
                        let at = transfer.fine.offset(slab as isize, row, parity);
                        transfer.prolong::<FUSED>(slab, row, parity, e, AtMut(x, at));
                    }
                }
            }
        }
    }
    simd::run(Prolong(transfer, e, x));
}

/// Point by point Gauss-Seidel in the order of the colours, and the residual: what the blocks must reproduce.
fn reference(matrix: &Matrix<f64>, x: &mut [f64], backward: bool) {
    let Matrix { layout, ordering, dimensions, stencil, rhs, .. } = *matrix;
    let mut visited = Vec::new();
    for stage in 0..STAGES {
        for slab in 0..layout.slabs {
            for row_parity in [1, 0] {
                for row in (0..layout.rows).filter(|row| layout.row_parity(*row) == row_parity) {
                    for &parity in ordering.columns(stage, slab % 2, row_parity) {
                        let last = ordering.is_last(dimensions, [slab % 2, row_parity, parity]);
                        visited.push((slab, row, parity, last));
                    }
                }
            }
        }
    }
    if backward {
        visited.reverse();
    }
    for (slab, row, parity, _) in visited {
        for column in (parity..layout.columns).step_by(2) {
            let place = layout.place(slab, row, column);
            let sum: f64 = couplings(layout, stencil.offsets, parity)
                .map(|(_, link)| {
                    stencil.weights[place.wrapping_add_signed(link.weight)]
                        * x[place.wrapping_add_signed(link.value)]
                })
                .sum();
            x[place] = (rhs[place] + sum) / stencil.diagonal[place];
        }
    }
}

#[test]
fn a_visit_in_blocks_is_smoothing_point_by_point_and_transfers_by_the_interpolation() {
    for (dimensions, shape, neighbours, coarsened) in [
        (2, [23, 1, 18], Neighbours::Faces, [true, false, true]),
        (2, [24, 1, 9], Neighbours::All, [true, false, true]),
        (2, [21, 1, 9], Neighbours::Faces, [false, false, true]),
        (3, [12, 5, 6], Neighbours::Faces, [true, true, true]),
        (3, [13, 6, 5], Neighbours::All, [true, true, true]),
        (3, [12, 5, 6], Neighbours::All, [true, false, true]),
    ] {
        for (sweeps, blocks) in [(1, 1), (1, 3), (2, 1), (2, 4), (3, 2)] {
            let layout = Layout::new(dimensions, shape);
            let list = offsets(dimensions, neighbours);
            let ordering = Ordering::of(neighbours);
            let stencil = Dense::random_stencil(&layout, list);
            let mut transfer = Transfer::new(dimensions, layout, list, ordering, coarsened);
            transfer.build(&stencil, 2);
            let relaxation = Relaxation::new(&layout, list, ordering);
            let fine_places = places(&layout, 0);
            let mut rhs = vec![0.0; layout.len()];
            fine_places.iter().zip(noise(fine_places.len(), 5)).for_each(|(&at, v)| rhs[at] = v);
            let matrix = Matrix {
                dimensions,
                layout: &layout,
                ordering,
                relaxation: &relaxation,
                stencil: &stencil,
                transfer: &transfer,
                sweeps,
                rhs: &rhs,
            };

            let mut x = vec![0.0; layout.len()];
            (0..sweeps).for_each(|_| reference(&matrix, &mut x, false));
            let residual = |x: &[f64]| -> Vec<f64> {
                let a = Dense::of_stencil(&layout, 0, &stencil);
                let n = fine_places.len();
                let row = |i: usize| (0..n).map(|j| a.entries[i * n + j] * x[fine_places[j]]).sum::<f64>();
                (0..n).map(|i| rhs[fine_places[i]] - row(i)).collect()
            };
            let p = Dense::of_interpolation(&transfer);
            let r = Dense { rows: fine_places.len(), columns: 1, entries: residual(&x) };
            let expected = p.transposed().times(&r).entries;

            let ranges = crate::chunks::Chunks::new(transfer.coarse.slabs, blocks);
            let mut memory: Vec<Block<f64>> =
                ranges.ranges().map(|range| Block::new(&transfer, range, sweeps)).collect();
            let mut coarse_rhs = vec![0.0; transfer.coarse.len()];
            let mut cuts: Vec<usize> =
                ranges.bounds().iter().map(|slab| transfer.coarse.base(*slab as isize)).collect();
            let parts = crate::chunks::split_at(&mut coarse_rhs, &cuts);
            let tasks = memory.iter_mut().zip(parts);
            let tasks = tasks.map(|(block, coarse_rhs)| Descend { matrix, block, coarse_rhs });
            run(tasks.collect(), simd::run);
            let coarse_places = places(&transfer.coarse, transfer.lead);
            let got: Vec<f64> = coarse_places.iter().map(|&at| coarse_rhs[at]).collect();
            assert!(relative_error(&got, &expected) < 1e-13, "down {shape:?} {sweeps} {blocks}");

            // The way up, with some coarse correction.
            let correction = noise(coarse_places.len(), 6);
            let e = Dense { rows: correction.len(), columns: 1, entries: correction };
            let step = p.times(&e).entries;
            fine_places.iter().zip(step).for_each(|(&at, v)| x[at] += v);
            (0..sweeps).for_each(|_| reference(&matrix, &mut x, true));
            let mut natural = vec![0.0; transfer.coarse.len()];
            for (&at, v) in coarse_places.iter().zip(&e.entries) {
                let coarse = &transfer.coarse;
                let even = at - coarse.column_parity(at) * coarse.half;
                let start = even - (even - coarse.base(-1)) % coarse.row_stride;
                natural[start + 2 * (even - start) + coarse.column_parity(at)] = *v;
            }
            let mut bounds: Vec<usize> = memory.iter().map(|block| block.slabs.start).collect();
            bounds.push(layout.slabs);
            cuts = bounds.iter().map(|slab| layout.base(*slab as isize)).collect();
            let mut solution = vec![0.0; layout.len()];
            let mut products = vec![0.0; layout.slabs];
            let parts = crate::chunks::split_at(&mut solution, &cuts)
                .into_iter()
                .zip(crate::chunks::split_at(&mut products, &bounds));
            let tasks = memory.iter_mut().zip(parts).map(|(block, (solution, products))| Ascend {
                matrix,
                block,
                coarse: &natural,
                solution,
                natural: false,
                products,
            });
            run(tasks.collect(), simd::run);
            let values = |v: &[f64]| -> Vec<f64> { fine_places.iter().map(|&at| v[at]).collect() };
            assert!(
                relative_error(&values(&solution), &values(&x)) < 1e-13,
                "up {shape:?} {sweeps} {blocks}"
            );
            let product: f64 = values(&rhs).iter().zip(values(&x)).map(|(r, x)| r * x).sum();
            assert!((products.iter().sum::<f64>() - product).abs() < 1e-12 * product.abs().max(1.0));
        }
    }
}
