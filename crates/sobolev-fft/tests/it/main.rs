//! Integration tests: oracles, exact identities and adjoints.
mod axis;
mod derivative;
mod fourier;
mod naive;
mod sine_cosine;
mod truncated;
