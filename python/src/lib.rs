//! The native module behind `import sobolev`: conversions, and one call of the library each.
//!
//! The Python package wraps everything here: it adds and removes axes of length one, converts dtypes, holds the documentation,
//! and draws progress bars.

mod convert;
mod dataset;
mod error;
mod lists;
mod multigrid;
mod random_field;
mod solvers;
mod surrogate;
mod walls;
mod work;

/// What Python sees as `sobolev._core`.
#[pyo3::pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use crate::dataset::{
        Dataset, convert, describe, generate, generate_toml, merge, sample_count, shard_specs, verify,
    };
    #[pymodule_export]
    use crate::lists::{activations, equations, fields, formats, models};
    #[pymodule_export]
    use crate::multigrid::{EllipticProblem, Multigrid};
    #[pymodule_export]
    use crate::random_field::random_field;
    #[pymodule_export]
    use crate::solvers::{burgers, darcy, evolve};
    #[pymodule_export]
    use crate::surrogate::{Surrogate, check_architecture};

    #[pymodule_export]
    use crate::walls::{cavity, eikonal, heat, helmholtz, poisson, wave};

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
