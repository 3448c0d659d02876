//! What an equation says of itself.

use super::grid::Wave;
use num_complex::Complex64;
use sobolev_tensor::{Error, Real, Result, simd};
use std::fmt;

/// What a coefficient is multiplied by, as a function of its wave.
pub type Symbol = Box<dyn Fn(&Wave) -> Complex64 + Send + Sync>;

/// A product of a channel of the state with a symbol, such as a derivative.
pub struct Term {
    /// The channel.
    pub channel: usize,
    /// The values that it is part of: terms with one number are summed.
    pub slot: usize,
    /// The factor.
    pub symbol: Symbol,
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Term")
            .field("channel", &self.channel)
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

impl Term {
    /// A term.
    pub fn new(
        channel: usize,
        slot: usize,
        symbol: impl Fn(&Wave) -> Complex64 + Send + Sync + 'static,
    ) -> Self {
        Self { channel, slot, symbol: Box::new(symbol) }
    }

    /// The channel itself.
    pub fn identity(channel: usize, slot: usize) -> Self {
        Self::new(channel, slot, |_| Complex64::ONE)
    }

    /// The derivative along an axis.
    pub fn derivative(channel: usize, slot: usize, axis: usize) -> Self {
        Self::new(channel, slot, move |wave| Complex64::new(0.0, wave.signed(axis)))
    }
}

/// A semi-linear equation on a periodic box, `u_t = L u + N(u)`: linear part and nonlinear part are multiplications of the waves
/// by symbols, but for a product of values at each point.
///
/// ```text
/// values_s = sum of inputs with slot s: symbol * u_channel
/// values   = pointwise(values)
/// N_c      = sum of outputs with channel c: symbol * values_slot
/// ```
pub trait SemiLinear: fmt::Debug + Send + Sync {
    /// Name for errors.
    fn name(&self) -> &'static str;

    /// Checks that the equation makes sense in `dimensions` dimensions.
    ///
    /// # Errors
    /// [`Error::Value`](sobolev_tensor::Error::Value) that says in which it does.
    fn check(&self, dimensions: usize) -> Result<()>;

    /// Channels of the state. A complex field has two: real and imaginary part.
    fn channels(&self, dimensions: usize) -> usize;

    /// Whether the state is a complex field.
    fn is_complex(&self) -> bool {
        false
    }

    /// Degree of the nonlinear part as a polynomial of the values; 1 when there is none.
    fn degree(&self) -> usize;

    /// The symbol of L for a channel (for the field, when it is complex).
    fn linear(&self, channel: usize, wave: &Wave) -> Complex64;

    /// What the values are made of.
    fn inputs(&self, dimensions: usize) -> Vec<Term>;

    /// What is made of the values.
    fn outputs(&self, dimensions: usize) -> Vec<Term>;

    /// What the initial state is projected by, if by anything: the new channel is the sum of terms, whose slot is the channel
    /// it was.
    fn initial(&self, dimensions: usize) -> Option<Vec<Term>> {
        let _ = dimensions;
        None
    }

    /// A part of the right-hand side that is a function of the place alone; none by default. The position has one coordinate
    /// for each axis.
    fn forcing(&self, channel: usize, position: &[f64]) -> Option<f64> {
        let _ = (channel, position);
        None
    }

    /// The product at each point: reads the first slots and writes the first slots, one array of values each (two for a
    /// complex field, real parts first). [`each`] does the loop.
    fn pointwise<T: Real>(&self, dimensions: usize, values: &mut [&mut [T]]);
}

/// Checks that an equation makes sense in this many dimensions.
///
/// # Errors
/// [`Error::Value`].
pub(crate) fn check_dimensions(dimensions: usize, sensible: std::ops::RangeInclusive<usize>) -> Result<()> {
    if sensible.contains(&dimensions) {
        return Ok(());
    }
    let expected = if sensible.start() == sensible.end() {
        sensible.start().to_string()
    } else {
        format!("{} to {}", sensible.start(), sensible.end())
    };
    Err(Error::value("dimension", expected, dimensions))
}

/// Checks that parameters are finite numbers.
///
/// # Errors
/// [`Error::Value`] that names the parameter.
pub(crate) fn check_parameters<const N: usize>(parameters: [(&str, f64); N]) -> Result<()> {
    match parameters.iter().find(|(_, value)| !value.is_finite()) {
        Some((name, value)) => Err(Error::value(name, "a finite number", value)),
        None => Ok(()),
    }
}

/// Checks that parameters are at least zero, without which the equation is ill-posed.
///
/// # Errors
/// [`Error::Value`] that names the parameter.
pub(crate) fn check_at_least_zero<const N: usize>(parameters: [(&str, f64); N]) -> Result<()> {
    match parameters.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
        Some((name, value)) => Err(Error::value(name, "a finite number of at least 0", value)),
        None => Ok(()),
    }
}

/// Applies `function` to the values at each point: `I` numbers in, `O` numbers out, in the vectors of the processor.
///
/// # Panics
/// When there are fewer arrays than `I` or `O`, or they differ in length.
pub fn each<T: Real, const I: usize, const O: usize>(
    values: &mut [&mut [T]],
    function: impl Fn([T; I]) -> [T; O],
) {
    simd::run(Each::<'_, '_, T, _, I, O>(values, function));
}

struct Each<'a, 'b, T, F, const I: usize, const O: usize>(&'a mut [&'b mut [T]], F);

impl<T: Real, F: Fn([T; I]) -> [T; O], const I: usize, const O: usize> simd::Kernel
    for Each<'_, '_, T, F, I, O>
{
    type Output = ();

    #[inline(always)]
    fn call<const FUSED: bool>(self) {
        // Copies of a few points at a time, so that the compiler sees that input and output do not overlap.
        const BLOCK: usize = 16;
        let Each(values, function) = self;
        let len = values[0].len();
        assert!(values[..I.max(O)].iter().all(|array| array.len() == len));
        let mut first = 0;
        while first + BLOCK <= len {
            let mut input = [[T::zero(); BLOCK]; I];
            for (input, array) in input.iter_mut().zip(&*values) {
                input.copy_from_slice(&array[first..first + BLOCK]);
            }
            let mut output = [[T::zero(); BLOCK]; O];
            for point in 0..BLOCK {
                let mut arguments = [T::zero(); I];
                for (argument, input) in arguments.iter_mut().zip(&input) {
                    *argument = input[point];
                }
                let values = function(arguments);
                for (output, value) in output.iter_mut().zip(values) {
                    output[point] = value;
                }
            }
            for (output, array) in output.iter().zip(values.iter_mut()) {
                array[first..first + BLOCK].copy_from_slice(output);
            }
            first += BLOCK;
        }
        for point in first..len {
            let mut arguments = [T::zero(); I];
            for (argument, array) in arguments.iter_mut().zip(values.iter()) {
                *argument = array[point];
            }
            let output = function(arguments);
            for (value, array) in output.into_iter().zip(values.iter_mut()) {
                array[point] = value;
            }
        }
    }
}
