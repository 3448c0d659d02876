//! Chebyshev polynomials as smoothers (Adams, Brezina, Hu, Tuminaro, Journal of Computational Physics 188, 2003).

use super::super::operator::StencilOperator;
use super::super::scalar::Scalar;
use sobolev_tensor::Random;

/// Part of the spectrum of `D^-1 A` that is smoothed: from this fraction of the largest eigenvalue on ...
const LOWER: f64 = 0.25;
/// ... to this multiple of its estimate, which is from below.
const UPPER: f64 = 1.1;
/// Power iterations of the estimate.
const ITERATIONS: usize = 10;

/// The interval and the degree.
#[derive(Debug, Clone)]
pub(super) struct Chebyshev {
    lower: f64,
    upper: f64,
    degree: usize,
}

impl Chebyshev {
    pub(super) fn new<S: Scalar>(
        operator: &StencilOperator<S>,
        inverse_diagonal: &[S],
        degree: usize,
    ) -> Self {
        let largest = largest_eigenvalue(operator, inverse_diagonal);
        Self { lower: LOWER * largest, upper: UPPER * largest, degree }
    }

    /// Steps of the three-term recursion from `x`, preconditioned by the diagonal.
    pub(super) fn sweep<S: Scalar>(
        &self,
        operator: &StencilOperator<S>,
        inverse_diagonal: &[S],
        f: &[S],
        x: &mut [S],
        scratch: &mut [Vec<S>; 2],
        threads: usize,
    ) {
        let (centre, radius) = ((self.upper + self.lower) / 2.0, (self.upper - self.lower) / 2.0);
        let sigma = centre / radius;
        let mut rho = 1.0 / sigma;
        let [residual, direction] = scratch;
        for step in 0..self.degree {
            operator.residual(f, x, residual, threads);
            let next = 1.0 / (2.0 * sigma - rho);
            let (keep, add) = if step == 0 { (0.0, 1.0 / centre) } else { (next * rho, 2.0 * next / radius) };
            if step > 0 {
                rho = next;
            }
            let values = x.iter_mut().zip(direction.iter_mut()).zip(residual.iter()).zip(inverse_diagonal);
            for (((x, p), r), d) in values {
                if *d != S::default() {
                    *p = if step == 0 { S::default() } else { p.scaled(keep) } + (*d * *r).scaled(add);
                    *x += *p;
                }
            }
            operator.storage().fill_ghosts(x);
        }
    }
}

/// Largest modulus of the eigenvalues of `D^-1 A`, estimated from below by power iterations from noise.
fn largest_eigenvalue<S: Scalar>(operator: &StencilOperator<S>, inverse_diagonal: &[S]) -> f64 {
    let storage = operator.storage();
    let zeros = vec![S::default(); storage.len];
    let mut x = zeros.clone();
    let mut noise = Random::new(0, "spectral radius").stream(0);
    for point in storage.each() {
        x[storage.at(point)] = S::from_real(noise.normal());
    }
    let mut image = zeros.clone();
    let norm = |x: &[S]| x.iter().map(|value| value.squared()).sum::<f64>().sqrt();
    let mut estimate = 1.0;
    for _ in 0..ITERATIONS {
        let size = norm(&x);
        x.iter_mut().for_each(|value| *value = value.scaled(1.0 / size));
        storage.fill_ghosts(&mut x);
        operator.residual(&zeros, &x, &mut image, 1);
        for ((x, image), d) in x.iter_mut().zip(&image).zip(inverse_diagonal) {
            *x = -(*d * *image);
        }
        estimate = norm(&x);
    }
    estimate
}
