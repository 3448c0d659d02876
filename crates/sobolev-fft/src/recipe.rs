//! Which form of a truncated transform is the fastest, from the sizes alone.

use crate::axis::{ComplexAxis, Form, RealAxis};
use crate::shape::check_grid;
use crate::truncated::TruncatedFourier;
use sobolev_tensor::{Error, Real, Result};

/// Nanoseconds a line in matrix form.
fn matrix_cost<T: Real>(points: usize, modes: usize, complex: bool) -> f64 {
    let parts = if complex { 2.0 } else { 1.0 };
    parts * 2.0 * (modes * points) as f64 / 60.0 * size_of::<T>() as f64 / 4.0
}

/// Nanoseconds a line by FFT.
fn fft_cost<T: Real>(points: usize, complex: bool) -> f64 {
    let _ = size_of::<T>();
    let parts = if complex { 2.0 } else { 1.0 };
    parts * 0.1 * points as f64 * (points as f64).log2()
}

/// The form of all axes of a truncated transform.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Recipe {
    /// Products with folded matrices on every axis.
    Matrix,
    /// An FFT on every axis.
    Fft,
    /// The form of each axis.
    Mixed(Vec<Form>),
}

/// A plan of a truncated transform: sizes and the form of each axis, without tables.
///
/// ```
/// use sobolev_fft::{Recipe, TransformPlan};
/// let plan = TransformPlan::choose::<f32>(&[85, 85], &[12, 12], 32)?;
/// assert_eq!(plan.recipe(), Recipe::Matrix);
/// let transform = plan.build::<f32>()?;
/// assert_eq!(transform.mode_grid(), [24, 12]);
/// # Ok::<(), sobolev_fft::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransformPlan {
    grid: Vec<usize>,
    modes: Vec<usize>,
    forms: Vec<Form>,
}

impl TransformPlan {
    /// The forms that the cost model holds for the fastest for numbers of type `T`.
    ///
    /// # Errors
    /// [`Error::Shape`] when `grid` has no or more than 3 axes or one is empty, [`Error::Value`] when `modes` has another
    /// length, is zero or exceeds `n/2` on a leading axis or `n/2 + 1` on the last one, or `channels` is zero.
    pub fn choose<T: Real>(grid: &[usize], modes: &[usize], channels: usize) -> Result<Self> {
        check_grid(grid)?;
        if modes.len() != grid.len() {
            return Err(Error::value("modes", format!("{} numbers, one an axis", grid.len()), modes.len()));
        }
        if channels == 0 {
            return Err(Error::value("channels", "at least 1", channels));
        }
        let last = grid.len() - 1;
        let mut forms = Vec::with_capacity(grid.len());
        for (axis, (&n, &m)) in grid.iter().zip(modes).enumerate() {
            if axis == last {
                RealAxis::<T>::check_sizes(n, m)?;
            } else {
                ComplexAxis::<T>::check_sizes(n, m)?;
            }
            let matrix = matrix_cost::<T>(n, m, axis < last);
            let fft = fft_cost::<T>(n, axis < last);
            forms.push(if matrix <= fft { Form::Matrix } else { Form::Fft });
        }
        Ok(Self { grid: grid.to_vec(), modes: modes.to_vec(), forms })
    }

    /// The same sizes with chosen forms, for comparisons.
    ///
    /// # Errors
    /// [`Error::Value`] when a mixed recipe has not one form for each axis.
    pub fn with_recipe(mut self, recipe: &Recipe) -> Result<Self> {
        let axes = self.grid.len();
        self.forms = match recipe {
            Recipe::Matrix => vec![Form::Matrix; axes],
            Recipe::Fft => vec![Form::Fft; axes],
            Recipe::Mixed(forms) if forms.len() == axes => forms.clone(),
            Recipe::Mixed(forms) => {
                return Err(Error::value("recipe", format!("{axes} forms, one an axis"), forms.len()));
            }
        };
        Ok(self)
    }

    /// The form of the axes.
    pub fn recipe(&self) -> Recipe {
        if self.forms.iter().all(|f| *f == Form::Matrix) {
            Recipe::Matrix
        } else if self.forms.iter().all(|f| *f == Form::Fft) {
            Recipe::Fft
        } else {
            Recipe::Mixed(self.forms.clone())
        }
    }

    /// The spatial shape.
    pub fn grid(&self) -> &[usize] {
        &self.grid
    }

    /// The modes of each axis.
    pub fn modes(&self) -> &[usize] {
        &self.modes
    }

    /// Computes the tables.
    ///
    /// # Errors
    /// None that [`TransformPlan::choose`] has not found before.
    pub fn build<T: Real>(&self) -> Result<TruncatedFourier<T>> {
        TruncatedFourier::from_forms(&self.grid, &self.modes, &self.forms)
    }
}
