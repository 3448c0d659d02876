//! Integration tests: oracles, exact identities and adjoints.
mod fourier;
mod naive;
mod sine_cosine;
