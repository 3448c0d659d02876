//! Relaxation: what removes the part of the error that oscillates from point to point.

mod chebyshev;
mod gauss_seidel;
mod jacobi;
mod lines;

use super::operator::StencilOperator;
use super::scalar::Scalar;
use chebyshev::Chebyshev;
use lines::Lines;
use sobolev_tensor::{Error, Result};

/// How errors are smoothed on each grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoother {
    /// `x + w D^-1 (f - A x)`: the weights that smooth Laplacians best are 2/3, 4/5 and 6/7 in one, two and three dimensions.
    Jacobi {
        /// The factor `w`, between 0 and 1.
        weight: f64,
    },
    /// Gauss-Seidel by colours: red and black where points are coupled across faces alone, `2^d` colours where they are
    /// coupled to all neighbours. Best for couplings of similar strength along all axes.
    #[default]
    GaussSeidel,
    /// Solves whole lines along one axis after the other, every second line at a time (zebra order): for couplings that are
    /// much stronger along some axes.
    Lines {
        /// Along which axes, in this order; all when false for each.
        axes: [bool; 3],
    },
    /// A Chebyshev polynomial in `D^-1 A` over the upper part `[l/4, 1.1 l]` of its spectrum, `l` being estimated: needs
    /// no colours. For operators whose eigenvalues are positive.
    Chebyshev {
        /// Degree of the polynomial, 1 to 8: products with the operator in a sweep.
        degree: usize,
    },
}

impl std::fmt::Display for Smoother {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Jacobi { weight } => write!(f, "Jacobi, weight {weight:.3}"),
            Self::GaussSeidel => write!(f, "Gauss-Seidel by colours"),
            Self::Lines { .. } => write!(f, "zebra lines"),
            Self::Chebyshev { degree } => write!(f, "Chebyshev of degree {degree}"),
        }
    }
}

impl Smoother {
    pub(crate) fn check(&self, dimensions: usize) -> Result<()> {
        match *self {
            Self::Jacobi { weight } if !(weight > 0.0 && weight <= 1.0) => {
                Err(Error::value("weight", "above 0 and at most 1", weight))
            }
            Self::Chebyshev { degree } if !(1..=8).contains(&degree) => {
                Err(Error::value("degree", "1 to 8", degree))
            }
            Self::Lines { axes } if axes[dimensions..].contains(&true) => {
                Err(Error::value("axes", format!("axes below {dimensions}"), format!("{axes:?}")))
            }
            _ => Ok(()),
        }
    }
}

/// A smoother set up for the operator of a level.
#[derive(Debug, Clone)]
pub(crate) struct Relaxation<S> {
    method: Method<S>,
    inverse_diagonal: Vec<S>,
}

#[derive(Debug, Clone)]
enum Method<S> {
    Jacobi(f64),
    GaussSeidel(Vec<[bool; 8]>),
    Lines(Vec<Lines<S>>),
    Chebyshev(Chebyshev),
}

impl<S: Scalar> Relaxation<S> {
    pub(crate) fn new(operator: &StencilOperator<S>, smoother: Smoother) -> Result<Self> {
        let one = S::from_real(1.0);
        let invert = |d: &S| if *d == S::default() { *d } else { one / *d };
        let inverse_diagonal: Vec<S> = operator.diagonal().iter().map(invert).collect();
        let missing = 3 - operator.lattice().dimensions();
        let method = match smoother {
            Smoother::Jacobi { weight } => Method::Jacobi(weight),
            Smoother::GaussSeidel => Method::GaussSeidel(gauss_seidel::stages(operator)),
            Smoother::Lines { axes } => {
                let every = axes == [false; 3];
                let chosen = (missing..3).filter(|axis| every || axes[axis - missing]);
                Method::Lines(chosen.map(|axis| Lines::new(operator, axis)).collect::<Result<_>>()?)
            }
            Smoother::Chebyshev { degree } => {
                Method::Chebyshev(Chebyshev::new(operator, &inverse_diagonal, degree))
            }
        };
        Ok(Self { method, inverse_diagonal })
    }

    /// One sweep for `A x = f`, in place; the ghosts of `x` are filled before and after. A sweep that is not `forward` is the
    /// adjoint of one that is, where the operator is its own. `scratch` holds two arrays.
    pub(crate) fn sweep(
        &self,
        operator: &StencilOperator<S>,
        f: &[S],
        x: &mut [S],
        scratch: &mut [Vec<S>; 2],
        forward: bool,
        threads: usize,
    ) {
        let inverse = &self.inverse_diagonal;
        match &self.method {
            Method::Jacobi(weight) => jacobi::sweep(operator, inverse, *weight, f, x, scratch, threads),
            Method::GaussSeidel(stages) => {
                gauss_seidel::sweep(operator, inverse, stages, f, x, &mut scratch[0], forward, threads);
            }
            Method::Lines(all) if forward => {
                all.iter().for_each(|lines| lines.sweep(operator, f, x, scratch, forward, threads));
            }
            Method::Lines(all) => {
                all.iter().rev().for_each(|lines| lines.sweep(operator, f, x, scratch, forward, threads));
            }
            Method::Chebyshev(polynomial) => polynomial.sweep(operator, inverse, f, x, scratch, threads),
        }
    }
}
