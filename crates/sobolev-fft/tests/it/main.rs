//! Integration tests: oracles, exact identities and adjoints.
mod axis;
mod fourier;
mod naive;
mod sine_cosine;
mod truncated;
