//! Iterations that multigrid preconditions: conjugate gradients, BiCGStab, and plain cycles.

use super::multigrid::{Order, StencilMultigrid};
use super::operator::StencilOperator;
use super::scalar::{Scalar, check_finite};
use ndarray::{ArrayD, ArrayViewD};
use sobolev_tensor::{Error, Monitor, Result};

/// The iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Iteration {
    /// Conjugate gradients (Hestenes and Stiefel, 1952): for Hermitian positive definite operators and symmetric cycles.
    #[default]
    ConjugateGradients,
    /// BiCGStab (van der Vorst, 1992): for any operator; two cycles an iteration.
    BiCgStab,
    /// Cycles alone.
    Cycles,
}

impl Iteration {
    fn name(self) -> &'static str {
        match self {
            Self::ConjugateGradients => "conjugate gradients",
            Self::BiCgStab => "BiCGStab",
            Self::Cycles => "multigrid cycles",
        }
    }
}

/// Which iteration, and when it ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolveParams {
    /// The iteration.
    pub iteration: Iteration,
    /// Relative residual `|f - A u| / |f|` (Euclidean norms) to reach.
    pub relative_tolerance: f64,
    /// Residual `|f - A u|` that is enough as well.
    pub absolute_tolerance: f64,
    /// Iterations after which to give up.
    pub iteration_limit: usize,
}

impl Default for SolveParams {
    fn default() -> Self {
        Self {
            iteration: Iteration::default(),
            relative_tolerance: 1e-8,
            absolute_tolerance: 0.0,
            iteration_limit: 200,
        }
    }
}

impl SolveParams {
    fn check(&self) -> Result<()> {
        if !(self.relative_tolerance > 0.0 && self.relative_tolerance < 1.0) {
            return Err(Error::value("relative tolerance", "between 0 and 1", self.relative_tolerance));
        }
        if !(self.absolute_tolerance >= 0.0 && self.absolute_tolerance.is_finite()) {
            return Err(Error::value("absolute tolerance", "at least 0", self.absolute_tolerance));
        }
        Ok(())
    }
}

/// What an iteration did.
#[derive(Debug, Clone, PartialEq)]
pub struct SolveInfo {
    /// `|f - A u|` at the start and after each iteration, as the iteration updates it: that of the iterate itself differs from it
    /// by rounding, about `1e-16 |A| |u|`.
    pub residuals: Vec<f64>,
    /// `|f|`.
    pub norm: f64,
}

impl SolveInfo {
    /// Iterations done.
    pub fn iterations(&self) -> usize {
        self.residuals.len() - 1
    }

    /// `|f - A u| / |f|`; zero when `f` is.
    pub fn relative_residual(&self) -> f64 {
        let last = self.residuals[self.residuals.len() - 1];
        if self.norm > 0.0 { last / self.norm } else { 0.0 }
    }

    /// Geometric mean of the factor by which an iteration reduced the residual.
    pub fn convergence_factor(&self) -> f64 {
        match (self.iterations(), self.residuals[0]) {
            (0, _) | (_, 0.0) => 0.0,
            (n, first) => (self.residuals[n] / first).powf(1.0 / n as f64),
        }
    }
}

impl std::fmt::Display for SolveInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} iterations to a relative residual of {:.1e}, {:.3} an iteration",
            self.iterations(),
            self.relative_residual(),
            self.convergence_factor()
        )
    }
}

impl<S: Scalar> StencilMultigrid<S> {
    /// Solves `A u = f` from zero. Where constants are in the kernel, `u` has mean zero.
    ///
    /// # Errors
    /// - `f` has the wrong shape or is not finite; a tolerance makes no sense; conjugate gradients with a cycle that is not
    ///   symmetric.
    /// - The operator is singular and `f` is not in its range: named as such.
    /// - [`Error::NoConvergence`] at the iteration limit, or when the iteration breaks down; [`Error::Cancelled`].
    pub fn solve(
        &mut self,
        f: ArrayViewD<'_, S>,
        params: &SolveParams,
        monitor: &dyn Monitor,
    ) -> Result<(ArrayD<S>, SolveInfo)> {
        self.solve_from(f, None, params, monitor)
    }

    /// As [`solve`](Self::solve), from an initial guess.
    ///
    /// # Errors
    /// As there, and when the shape of `initial` differs.
    pub fn solve_from(
        &mut self,
        f: ArrayViewD<'_, S>,
        initial: Option<ArrayViewD<'_, S>>,
        params: &SolveParams,
        monitor: &dyn Monitor,
    ) -> Result<(ArrayD<S>, SolveInfo)> {
        let operator = self.shared_operator();
        self.solve_for(&operator, f, initial, params, monitor)
    }

    /// Solves `B u = f` for another operator `B` on the same lattice, with the cycle for `A` as preconditioner: a shifted
    /// Laplacian for a Helmholtz operator, say. Starts from `initial`, or from zero.
    ///
    /// # Errors
    /// As [`solve`](Self::solve); when lattices or the shape of `initial` differ, or `initial` is not finite; when constants are
    /// in the kernel of one of the two operators alone.
    pub fn solve_for(
        &mut self,
        operator: &StencilOperator<S>,
        f: ArrayViewD<'_, S>,
        initial: Option<ArrayViewD<'_, S>>,
        params: &SolveParams,
        monitor: &dyn Monitor,
    ) -> Result<(ArrayD<S>, SolveInfo)> {
        params.check()?;
        if operator.lattice() != self.lattice() {
            let expected = format!("{:?}", self.lattice());
            return Err(Error::value("operator", expected, format!("{:?}", operator.lattice())));
        }
        if operator.is_singular() != self.is_singular() {
            let words = |singular: bool| if singular { "singular" } else { "regular" };
            let expected = format!("a {} one, as that of the cycle", words(self.is_singular()));
            return Err(Error::value("operator", expected, words(operator.is_singular())));
        }
        if params.iteration == Iteration::ConjugateGradients && !self.params().is_symmetric() {
            return Err(Error::value("cycle", "a symmetric one for conjugate gradients", self.params())
                .with_hint("use as many sweeps before as after and a V- or W-cycle, or BiCGStab"));
        }
        let f = self.right_hand_side(f)?;
        let x = match initial {
            None => vec![S::default(); f.len()],
            Some(initial) => {
                self.lattice().check_shape("initial", initial.shape())?;
                check_finite("initial", &initial)?;
                operator.scatter(initial)
            }
        };
        let mut solve = Solve::new(self, operator, f, x, params, monitor);
        match params.iteration {
            Iteration::ConjugateGradients => solve.conjugate_gradients()?,
            Iteration::BiCgStab => solve.bi_cg_stab()?,
            Iteration::Cycles => solve.cycles()?,
        }
        let Solve { x, info, .. } = solve;
        let mut x = x;
        self.project(&mut x);
        Ok((operator.collect(&x), info))
    }
}

/// One solve under way.
struct Solve<'a, S: Scalar> {
    multigrid: &'a mut StencilMultigrid<S>,
    operator: &'a StencilOperator<S>,
    params: &'a SolveParams,
    monitor: &'a dyn Monitor,
    /// The points: ghosts do not count in products.
    places: Vec<(usize, usize)>,
    f: Vec<S>,
    x: Vec<S>,
    r: Vec<S>,
    info: SolveInfo,
}

impl<'a, S: Scalar> Solve<'a, S> {
    fn new(
        multigrid: &'a mut StencilMultigrid<S>,
        operator: &'a StencilOperator<S>,
        f: Vec<S>,
        x: Vec<S>,
        params: &'a SolveParams,
        monitor: &'a dyn Monitor,
    ) -> Self {
        let storage = operator.storage();
        let rows = |slab: usize| (0..storage.rows()).map(move |row| (slab, row));
        let places = (0..storage.slabs())
            .flat_map(rows)
            .map(|(slab, row)| storage.row(slab, row).1)
            .map(|at| (at, at + storage.points[2]))
            .collect();
        let r = vec![S::default(); f.len()];
        let info = SolveInfo { residuals: Vec::new(), norm: 0.0 };
        let mut solve = Self { multigrid, operator, params, monitor, places, f, x, r, info };
        solve.info.norm = solve.norm(&solve.f);
        solve.compute_residual();
        solve.info.residuals.push(solve.norm(&solve.r));
        solve
    }

    /// `<a, b>`, conjugate in `a`: sums of rows, added in order.
    fn dot(&self, a: &[S], b: &[S]) -> S {
        let row = |&(from, to): &(usize, usize)| {
            a[from..to].iter().zip(&b[from..to]).map(|(a, b)| a.conjugate() * *b).sum::<S>()
        };
        self.places.iter().map(row).sum()
    }

    fn norm(&self, a: &[S]) -> f64 {
        let row = |&(from, to): &(usize, usize)| a[from..to].iter().map(|a| a.squared()).sum::<f64>();
        self.places.iter().map(row).sum::<f64>().sqrt()
    }

    fn compute_residual(&mut self) {
        self.operator.residual(&self.f, &self.x, &mut self.r, self.multigrid.threads());
    }

    /// `A p` with filled ghosts in `p`.
    fn image(&self, p: &[S], zeros: &[S], out: &mut [S]) {
        self.operator.residual(zeros, p, out, self.multigrid.threads());
        out.iter_mut().for_each(|value| *value = -*value);
    }

    /// Whether the iteration may end.
    fn is_done(&mut self) -> Result<bool> {
        let residual = self.info.residuals[self.info.iterations()];
        let SolveParams { relative_tolerance, absolute_tolerance, iteration_limit, iteration } = *self.params;
        let iterations = self.info.iterations();
        if residual <= absolute_tolerance.max(relative_tolerance * self.info.norm) {
            return Ok(true);
        }
        if !residual.is_finite() || iterations == iteration_limit {
            let hint = if residual.is_finite() {
                "allow more iterations, or take more sweeps or another smoother"
            } else {
                "the iteration diverges: take another cycle or smoother"
            };
            return Err(self.failure(hint));
        }
        if self.monitor.cancelled() {
            let (done, total) = (iterations as u64, iteration_limit as u64);
            return Err(Error::Cancelled { task: iteration.name().to_string(), done, total });
        }
        Ok(false)
    }

    fn failure(&self, hint: &str) -> Error {
        Error::NoConvergence {
            solver: self.params.iteration.name().to_string(),
            iterations: self.info.iterations(),
            residual: self.info.relative_residual(),
            tolerance: self.params.relative_tolerance,
            hint: hint.to_string(),
        }
    }

    fn cycles(&mut self) -> Result<()> {
        while !self.is_done()? {
            // The cycle solves for the correction, so that the operator may be another than the multigrid's own.
            let mut z = vec![S::default(); self.r.len()];
            self.multigrid.precondition_storage(&self.r, &mut z, Order::Forward);
            add(&mut self.x, S::from_real(1.0), &z);
            self.compute_residual();
            self.info.residuals.push(self.norm(&self.r));
        }
        Ok(())
    }

    fn conjugate_gradients(&mut self) -> Result<()> {
        let zeros = vec![S::default(); self.r.len()];
        let (mut z, mut p, mut q) = (zeros.clone(), zeros.clone(), zeros.clone());
        let mut rho = S::from_real(1.0);
        while !self.is_done()? {
            self.multigrid.precondition_storage(&self.r, &mut z, Order::Reversed);
            let next = self.dot(&self.r, &z);
            let beta = if self.info.iterations() == 0 { S::default() } else { next / rho };
            rho = next;
            p.iter_mut().zip(&z).for_each(|(p, z)| *p = *z + beta * *p);
            self.image(&p, &zeros, &mut q);
            let curvature = self.dot(&p, &q);
            let alpha = rho / curvature;
            if !(rho.real() > 0.0 && curvature.real() > 0.0 && alpha.all_finite()) {
                return Err(self.failure("operator or cycle is not positive definite: use BiCGStab"));
            }
            add(&mut self.x, alpha, &p);
            add(&mut self.r, -alpha, &q);
            self.info.residuals.push(self.norm(&self.r));
        }
        Ok(())
    }

    fn bi_cg_stab(&mut self) -> Result<()> {
        let zeros = vec![S::default(); self.r.len()];
        let shadow = self.r.clone();
        let (mut p, mut v, mut t) = (zeros.clone(), zeros.clone(), zeros.clone());
        let (mut y, mut z) = (zeros.clone(), zeros.clone());
        let one = S::from_real(1.0);
        let (mut rho, mut alpha, mut omega) = (one, one, one);
        while !self.is_done()? {
            let next = self.dot(&shadow, &self.r);
            let beta = if self.info.iterations() == 0 { S::default() } else { next / rho * (alpha / omega) };
            rho = next;
            for ((p, r), v) in p.iter_mut().zip(&self.r).zip(&v) {
                *p = *r + beta * (*p - omega * *v);
            }
            self.multigrid.precondition_storage(&p, &mut y, Order::Forward);
            self.image(&y, &zeros, &mut v);
            alpha = rho / self.dot(&shadow, &v);
            add(&mut self.r, -alpha, &v);
            self.multigrid.precondition_storage(&self.r, &mut z, Order::Forward);
            self.image(&z, &zeros, &mut t);
            let size = self.norm(&t).powi(2);
            omega = if size > 0.0 { self.dot(&t, &self.r).scaled(1.0 / size) } else { S::default() };
            if !alpha.all_finite() {
                return Err(self.failure("the iteration broke down: start from another guess"));
            }
            add(&mut self.x, alpha, &y);
            add(&mut self.x, omega, &z);
            add(&mut self.r, -omega, &t);
            self.info.residuals.push(self.norm(&self.r));
        }
        Ok(())
    }
}

/// `x = x + factor y`.
fn add<S: Scalar>(x: &mut [S], factor: S, y: &[S]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += factor * *y);
}
