//! Runs a loop compiled for the vector units that the processor has, chosen at run time.

use sobolev_tensor::Real;

/// Multiply-add as the chosen instruction set does it best. Results differ in the last bits between the two.
pub(crate) trait Arithmetic: Copy {
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T;
}

/// One rounding, one instruction.
#[derive(Clone, Copy)]
struct Fused;

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T {
        a.mul_add(b, c)
    }
}

/// Two roundings, for processors without the instruction, where the fused form is a slow library call.
#[cfg(not(target_arch = "aarch64"))]
#[derive(Clone, Copy)]
struct Separate;

#[cfg(not(target_arch = "aarch64"))]
impl Arithmetic for Separate {
    #[inline(always)]
    fn mul_add<T: Real>(a: T, b: T, c: T) -> T {
        a * b + c
    }
}

/// A pass over the points of a grid. `run` and all that it calls are `inline(always)`, so that the compiler
/// vectorises them anew for each instruction set.
pub(crate) trait Pass {
    fn run<A: Arithmetic>(self);
}

/// Runs `pass` with the widest vectors at hand.
pub(crate) fn dispatch(pass: impl Pass) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("fma")
        {
            // SAFETY: the features were found just above.
            return unsafe { run_avx512(pass) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the features were found just above.
            return unsafe { run_avx2(pass) };
        }
    }
    #[cfg(target_arch = "aarch64")]
    pass.run::<Fused>();
    #[cfg(not(target_arch = "aarch64"))]
    pass.run::<Separate>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn run_avx512(pass: impl Pass) {
    pass.run::<Fused>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(pass: impl Pass) {
    pass.run::<Fused>();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{At, AtMut, Entry, Link, Links, sum};
    use sobolev_testing::{noise, relative_error};

    /// A row operation as all of them are: a list of products.
    struct Row<'a>(&'a Links, &'a [f64], &'a mut [f64]);

    impl Pass for Row<'_> {
        #[inline(always)]
        fn run<A: Arithmetic>(self) {
            sum::<f64, A>(self.0, 48, At(self.1, 1), At(self.1, 50), AtMut(self.2, 0), Entry::Set);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_to_rounding() {
        let links: Links = (0..5).map(|k| Link { weight: 7 * k, value: k - 1 }).collect();
        let data = noise(128, 1);
        let expected: Vec<f64> =
            (0..48_usize).map(|t| (0..5).map(|k| data[1 + t + 7 * k] * data[50 + t + k - 1]).sum()).collect();
        let same = |run: &dyn Fn(Row<'_>)| {
            let mut out = vec![0.0; 48];
            run(Row(&links, &data, &mut out));
            // Five roundings of terms below one.
            assert!(relative_error(&out, &expected) < 1e-15);
        };
        same(&|row| dispatch(row));
        #[cfg(not(target_arch = "aarch64"))]
        same(&|row| row.run::<Separate>());
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the features were found just above.
            same(&|row| unsafe { run_avx2(row) });
        }
    }
}
