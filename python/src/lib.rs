//! The native module behind `import sobolev`.

/// What Python sees as `sobolev._core`.
#[pyo3::pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
