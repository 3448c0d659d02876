use super::*;
use crate::turn::turn;
use sobolev_testing::{noise, relative_error};

#[derive(Debug, Clone, Copy)]
enum Instructions {
    /// One number at a time: what the others are compared with.
    Single,
    /// As on other processors.
    Plain,
    Avx2,
    Detected,
}

impl Instructions {
    fn run<T: Real>(self, columns: usize, kernel: &mut impl Kernel<T>) {
        // SAFETY: the callers' slices fit their sizes, and the instruction set is detected.
        unsafe {
            match self {
                Self::Single => {
                    type One<T> = Plain<T, 1, false>;
                    walk::<T, _, One<T>, One<T>, One<T>, 1, false>(columns, kernel);
                }
                Self::Plain => {
                    walk::<T, _, Plain<T, 4, true>, Plain<T, 2, true>, Plain<T, 1, true>, 2, true>(
                        columns, kernel,
                    );
                }
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 if InstructionSet::detected().vectors() >= Vectors::Avx2 => avx2(columns, kernel),
                Self::Avx2 | Self::Detected => run(columns, kernel),
            }
        }
    }
}

/// Results of the four kernels, one after the other.
fn results<T: Real>(n: usize, m: usize, c: usize, instructions: Instructions) -> Vec<f64> {
    let cast = |values: Vec<f64>| values.into_iter().map(T::cast).collect::<Vec<T>>();
    let half = n / 2 + 1;
    let by_points = Table::<T>::new(half, m, |j, k| turn(j * k, n));
    let by_modes = Table::<T>::new(m, half, |k, j| turn(j * k, n));
    let (x, y) = (cast(noise(n * c, 1)), cast(noise(m * 2 * c, 2)));
    let (mut modes, mut points) = (vec![T::zero(); m * 2 * c], x.clone());
    let (channels, modes_kept) = (c, m);
    let mut kernel =
        RealAnalysis { points: n, modes: modes_kept, channels, table: &by_points, x: &x, y: &mut modes };
    instructions.run(c, &mut kernel);
    let mut kernel =
        RealSynthesis { points: n, modes: m, channels, table: &by_modes, y: &y, x: &mut points, add: true };
    instructions.run(c, &mut kernel);

    // A block in the middle of wider rows.
    let (from, stride) = (3, 2 * c + 5);
    let rows = Rows { offset: from, stride };
    let x = cast(noise(n * stride, 3));
    let y = cast(noise(2 * m * stride, 4));
    let (mut complex_modes, mut complex_points) = (y.clone(), x.clone());
    let scale = T::cast(0.5);
    let mut kernel = ComplexAnalysis {
        points: n,
        modes: m,
        channels,
        table: &by_points,
        scale,
        x: &x,
        from: rows,
        y: &mut complex_modes,
        to: rows,
    };
    instructions.run(c, &mut kernel);
    let mut kernel = ComplexSynthesis {
        points: n,
        modes: m,
        channels,
        table: &by_modes,
        scale,
        y: &y,
        from: rows,
        x: &mut complex_points,
        to: rows,
    };
    instructions.run(c, &mut kernel);
    [modes, points, complex_modes, complex_points].concat().into_iter().map(Real::to_f64).collect()
}

/// Widths that need every kind of vector; modes and points that need every height of tile.
#[test]
fn every_instruction_set_gives_the_same_numbers() {
    for (n, m, c) in [(7, 3, 1), (8, 4, 5), (23, 9, 23), (85, 12, 71), (30, 13, 36)] {
        let expected = results::<f64>(n, m, c, Instructions::Single);
        for instructions in [Instructions::Plain, Instructions::Avx2, Instructions::Detected] {
            let gap = relative_error(&results::<f64>(n, m, c, instructions), &expected);
            assert!(gap < 1e-15, "{instructions:?}, f64, {n}, {m}, {c}: {gap:e}");
            let gap = relative_error(&results::<f32>(n, m, c, instructions), &expected);
            assert!(gap < 4e-7, "{instructions:?}, f32, {n}, {m}, {c}: {gap:e}");
        }
    }
}
