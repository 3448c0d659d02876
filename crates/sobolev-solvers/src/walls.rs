//! Boxes whose sides are walls or wrap around: the Laplacian under their conditions, solved by sine and cosine transforms.
//!
//! Unknowns stand at cell centres `x_i = (i + 1/2) L / n`. Under a condition at each end of an axis (zero value, zero slope,
//! or periodic) sines and cosines are eigenfunctions of the second derivative and, sampled at the centres, eigenvectors of its
//! second difference with mirrored ghost cells. So one transform solves either exactly:
//!
//! | ends | basis | `theta_k` |
//! |---|---|---|
//! | Neumann, Neumann | cosine II | `pi k / n` |
//! | Dirichlet, Dirichlet | sine II | `pi (k + 1) / n` |
//! | Neumann, Dirichlet | cosine IV | `pi (k + 1/2) / n` |
//! | Dirichlet, Neumann | sine IV | `pi (k + 1/2) / n` |
//! | periodic | whole waves | `2 pi k / n` |
//!
//! with eigenvalues `(2 - 2 cos theta) / h^2` of the second difference and `theta^2 / h^2` of the derivative. The second difference
//! along the first axis may be eliminated instead, which spares its transform.

mod elimination;

use crate::random_field::Boundary;
use crate::settings;
use elimination::Elimination;
use sobolev_fft::{SineCosine, SineCosinePlan};
use sobolev_tensor::{Error, Result};
use std::f64::consts::PI;

/// Which operator the eigenvalues belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Symbol {
    /// The second difference of cell averages: second order, conservative.
    #[default]
    SecondOrder,
    /// The derivative of the sines and cosines themselves: spectral for fields that keep the conditions.
    Spectral,
}

/// `-Laplacian` on a box of cells, diagonalised.
///
/// ```
/// use sobolev_solvers::random_field::Boundary::{Dirichlet, Neumann};
/// use sobolev_solvers::walls::{BoxLaplacian, Symbol};
/// let laplacian = BoxLaplacian::new(&[8, 6], &[1.0, 2.0], &[[Neumann, Dirichlet], [Neumann; 2]], Symbol::SecondOrder)?;
/// let mut u = vec![1.0; 48];
/// laplacian.solve(1, &mut u)?;                         // -Laplacian u = 1: the parabola (1 - x^2) / 2 in the first axis
/// assert!((u[0] - (1.0 - 1.0 / 256.0) / 2.0 - 1.0 / 512.0).abs() < 1e-12);
/// # Ok::<(), sobolev_tensor::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BoxLaplacian {
    plan: SineCosinePlan<f64>,
    eigenvalues: Vec<f64>,
    singular: bool,
    elimination: Option<Elimination>,
    /// `1 / h^2` and the conditions of each axis, where the operator is the second difference.
    differences: Option<Vec<(f64, [Boundary; 2])>>,
}

impl BoxLaplacian {
    /// The operator on `cells` over side lengths `lengths`, with the conditions at the lower and upper end of each axis.
    ///
    /// # Errors
    /// [`Error::Shape`] for other than 1 to 3 axes or an empty one; [`Error::Value`] for lengths that are not positive and
    /// an axis that is periodic at one end only.
    pub fn new(cells: &[usize], lengths: &[f64], boundary: &[[Boundary; 2]], symbol: Symbol) -> Result<Self> {
        check_lengths("lengths", lengths, cells.len())?;
        if boundary.len() != cells.len() {
            return Err(Error::value("boundary", format!("{} axes", cells.len()), boundary.len()));
        }
        let mut kinds = Vec::new();
        let mut axes: Vec<Vec<f64>> = Vec::new();
        for ((&n, &length), ends) in cells.iter().zip(lengths).zip(boundary) {
            let (kind, theta): (SineCosine, fn(usize) -> f64) = match ends {
                [Boundary::Neumann, Boundary::Neumann] => (SineCosine::CosineII, |k| k as f64),
                [Boundary::Dirichlet, Boundary::Dirichlet] => (SineCosine::SineII, |k| k as f64 + 1.0),
                [Boundary::Neumann, Boundary::Dirichlet] => (SineCosine::CosineIV, |k| k as f64 + 0.5),
                [Boundary::Dirichlet, Boundary::Neumann] => (SineCosine::SineIV, |k| k as f64 + 0.5),
                [Boundary::Periodic, Boundary::Periodic] => {
                    (SineCosine::Periodic, |k| 2.0 * k.div_ceil(2) as f64)
                }
                mixed => return Err(half_periodic(mixed)),
            };
            let h = length / n as f64;
            let eigenvalue = |k: usize| {
                let theta = PI * theta(k) / n as f64;
                match symbol {
                    Symbol::SecondOrder => (2.0 * (0.5 * theta).sin() / h).powi(2),
                    Symbol::Spectral => (theta / h).powi(2),
                }
            };
            kinds.push(Some(kind));
            axes.push((0..n).map(eigenvalue).collect());
        }
        let sums = |axes: &[Vec<f64>]| {
            axes.iter().fold(vec![0.0], |sums: Vec<f64>, axis| {
                sums.iter().flat_map(|sum| axis.iter().map(move |value| sum + value)).collect()
            })
        };
        let plan = SineCosinePlan::new(cells, &kinds)?;
        let singular = is_singular(boundary);
        let eliminable = symbol == Symbol::SecondOrder
            && cells.len() > 1
            && cells[0] > 1
            && boundary[0][0] != Boundary::Periodic;
        let elimination = if eliminable {
            kinds[0] = None;
            let others = SineCosinePlan::new(cells, &kinds)?;
            let h = lengths[0] / cells[0] as f64;
            Some(Elimination::new(others, cells[0], h, boundary[0], &sums(&axes[1..]), singular))
        } else {
            None
        };
        let factor = |axis: usize| (cells[axis] as f64 / lengths[axis]).powi(2);
        let differences = (symbol == Symbol::SecondOrder)
            .then(|| boundary.iter().enumerate().map(|(axis, ends)| (factor(axis), *ends)).collect());
        Ok(Self { plan, eigenvalues: sums(&axes), singular, elimination, differences })
    }

    /// Cells along each axis.
    pub fn cells(&self) -> &[usize] {
        self.plan.grid()
    }

    /// The eigenvalues, at least zero, in the order of the modes `[k1, .., kd]`.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// Whether constants are in the kernel: no side holds a value.
    pub fn is_singular(&self) -> bool {
        self.singular
    }

    /// From values to modes, in place; `data` is `[batch, cells.., channels]`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn to_modes(&self, batch: usize, channels: usize, data: &mut [f64]) -> Result<()> {
        self.plan.forward_in_place(batch, channels, data)
    }

    /// From modes to values, in place.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn to_values(&self, batch: usize, channels: usize, data: &mut [f64]) -> Result<()> {
        self.plan.inverse_in_place(batch, channels, data)
    }

    /// `-Laplacian u` for `data` `[batch, cells..]`: differences of neighbours at second order, by modes otherwise.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn apply(&self, batch: usize, data: &[f64]) -> Result<Vec<f64>> {
        let len = self.eigenvalues.len();
        if data.len() != batch * len {
            return Err(Error::shape("data", format!("{batch} times {len} values"), &[data.len()]));
        }
        let Some(differences) = &self.differences else {
            let mut result = data.to_vec();
            self.to_modes(batch, 1, &mut result)?;
            for sample in result.chunks_exact_mut(len) {
                sample.iter_mut().zip(&self.eigenvalues).for_each(|(u, value)| *u *= value);
            }
            self.to_values(batch, 1, &mut result)?;
            return Ok(result);
        };
        let mut result = vec![0.0; data.len()];
        for (axis, &(factor, ends)) in differences.iter().enumerate() {
            let n = self.cells()[axis];
            let stride: usize = self.cells()[axis + 1..].iter().product();
            for (u, result) in data.chunks_exact(n * stride).zip(result.chunks_exact_mut(n * stride)) {
                subtract_second_difference(u, factor, n, stride, ends, result);
            }
        }
        Ok(result)
    }

    /// Solves `-Laplacian u = f` in place, for `data` `[batch, cells..]`. Without values on the boundary the mean of f is ignored
    /// and that of u zero.
    ///
    /// # Errors
    /// [`Error::Shape`] for another length.
    pub fn solve(&self, batch: usize, data: &mut [f64]) -> Result<()> {
        if let Some(elimination) = &self.elimination {
            return elimination.solve(batch, data);
        }
        self.to_modes(batch, 1, data)?;
        for sample in data.chunks_exact_mut(self.eigenvalues.len()) {
            sample.iter_mut().zip(&self.eigenvalues).for_each(|(u, value)| *u /= value);
            if self.singular {
                sample[0] = 0.0;
            }
        }
        self.to_values(batch, 1, data)
    }
}

/// Subtracts the second difference along an axis of `n` rows of `stride` values, with mirrored ghost rows.
fn subtract_second_difference(
    u: &[f64],
    factor: f64,
    n: usize,
    stride: usize,
    ends: [Boundary; 2],
    result: &mut [f64],
) {
    let row = |i: usize| &u[i * stride..(i + 1) * stride];
    // A neighbour and its sign: the ghost row of a zero value is minus the last row.
    let ghost = |end, own, around| match end {
        Boundary::Dirichlet => (row(own), -1.0),
        Boundary::Neumann => (row(own), 1.0),
        Boundary::Periodic => (row(around), 1.0),
    };
    for (i, result) in result.chunks_exact_mut(stride).enumerate() {
        let (below, minus) = if i > 0 { (row(i - 1), 1.0) } else { ghost(ends[0], 0, n - 1) };
        let (above, plus) = if i + 1 < n { (row(i + 1), 1.0) } else { ghost(ends[1], n - 1, 0) };
        for (((result, u), below), above) in result.iter_mut().zip(row(i)).zip(below).zip(above) {
            *result += factor * (2.0 * u - minus * below - plus * above);
        }
    }
}

/// Whether no side of a box holds a value, so that `-Laplacian u = f` leaves a constant free.
pub(crate) fn is_singular(boundary: &[[Boundary; 2]]) -> bool {
    boundary.iter().flatten().all(|end| *end != Boundary::Dirichlet)
}

/// Checks `count` side lengths.
///
/// # Errors
/// [`Error::Value`] that names `argument`.
pub(crate) fn check_lengths(argument: &str, lengths: &[f64], count: usize) -> Result<()> {
    let positive = |length: &f64| length.is_finite() && *length > 0.0;
    if lengths.len() == count && lengths.iter().all(positive) {
        return Ok(());
    }
    Err(Error::value(argument, format!("{count} positive finite lengths"), format!("{lengths:?}")))
}

/// What the setting `boundary` means: one for all axes, or a list with, for each axis, one or a pair for its two ends.
pub(crate) const BOUNDARY_HELP: &str = "\"dirichlet\", \"neumann\", \"periodic\", { dirichlet = u } or { neumann = du/dn }; or a list \
     with, for each axis, one of them or a pair for its two ends";

/// What a spec asks of one side: `u = value` where `boundary` is Dirichlet, `alpha u + du/dn = value` (outwards) where it is
/// Neumann.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Side {
    pub(crate) boundary: Boundary,
    pub(crate) alpha: f64,
    /// Zero where none is given.
    given: Option<f64>,
}

impl Side {
    pub(crate) fn value(&self) -> f64 {
        self.given.unwrap_or(0.0)
    }

    /// Whether the side has a number of its own, be it zero.
    pub(crate) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// Whether nothing flows through the side, or out of it what flows in on the opposite one.
    pub(crate) fn insulates(&self) -> bool {
        self.boundary == Boundary::Periodic
            || self.boundary == Boundary::Neumann && self.alpha == 0.0 && self.value() == 0.0
    }

    /// Reads `"dirichlet"`, `"neumann"`, `"periodic"`, `{ dirichlet = value }`, `{ neumann = value }` or
    /// `{ robin = [alpha, value] }`, of those that the solver has.
    ///
    /// # Errors
    /// [`Error::Value`] that lists what the solver has.
    fn read(setting: &toml::Value, known: &[&str]) -> Result<Self> {
        let (name, given) = match setting {
            toml::Value::String(name) => (name.as_str(), None),
            toml::Value::Table(table) if table.len() == 1 => {
                table.iter().next().map_or(("", None), |(name, value)| (name.as_str(), Some(value)))
            }
            other => return Err(Error::value("boundary", format!("one of {}", known.join(", ")), other)),
        };
        if !known.contains(&name) {
            return Err(Error::unknown_name("boundary", known, name));
        }
        let numbers = |count: usize| {
            given.map(|value| settings::numbers(&format!("boundary {name}"), value, count)).transpose()
        };
        let side = |boundary, alpha, given| Ok(Self { boundary, alpha, given });
        match name {
            "dirichlet" => side(Boundary::Dirichlet, 0.0, numbers(1)?.map(|value| value[0])),
            "neumann" => side(Boundary::Neumann, 0.0, numbers(1)?.map(|value| value[0])),
            "robin" => match (given, numbers(2)?.as_deref()) {
                (_, Some([alpha, _])) if *alpha < 0.0 => {
                    Err(Error::value("boundary robin", "alpha of at least 0", alpha))
                }
                (Some(toml::Value::Array(_)), Some([alpha, value])) => {
                    side(Boundary::Neumann, *alpha, Some(*value))
                }
                _ => {
                    Err(Error::value("boundary robin", "[alpha, value] of alpha u + du/dn = value", setting))
                }
            },
            _ if given.is_some() => Err(Error::value("boundary periodic", "no value", setting)),
            _ => side(Boundary::Periodic, 0.0, None),
        }
    }
}

/// Reads the setting `boundary` of a box in so many dimensions, for a solver that has the conditions `known`.
///
/// # Errors
/// [`Error::Value`] for conditions that the solver lacks, lists of another length, and axes that are periodic at one end alone.
pub(crate) fn sides(setting: &toml::Value, dimensions: usize, known: &[&str]) -> Result<Vec<[Side; 2]>> {
    let axes = ends(setting, dimensions, |value| Side::read(value, known))?;
    let periodic = |side: &Side| side.boundary == Boundary::Periodic;
    match axes.iter().find(|ends| periodic(&ends[0]) != periodic(&ends[1])) {
        Some(mixed) => Err(half_periodic(&mixed.map(|side| side.boundary))),
        None => Ok(axes),
    }
}

/// Reads a setting `boundary`: one entry for all axes, or a list with, for each axis, one or a pair.
///
/// # Errors
/// [`Error::Value`] for lists of another length, and those of `read`.
pub(crate) fn ends<T: Copy>(
    setting: &toml::Value,
    dimensions: usize,
    read: impl Fn(&toml::Value) -> Result<T>,
) -> Result<Vec<[T; 2]>> {
    let axis = |value: &toml::Value| match value.as_array().map(Vec::as_slice) {
        Some([lower, upper]) => Ok([read(lower)?, read(upper)?]),
        _ => read(value).map(|end| [end; 2]),
    };
    match setting.as_array() {
        Some(list) if list.len() == dimensions => list.iter().map(axis).collect(),
        Some(_) => Err(Error::value("boundary", format!("{dimensions} entries"), setting)),
        None => Ok(vec![[read(setting)?; 2]; dimensions]),
    }
}

/// The condition of each side without its numbers.
pub(crate) fn kinds(sides: &[[Side; 2]]) -> Vec<[Boundary; 2]> {
    sides.iter().map(|ends| ends.map(|side| side.boundary)).collect()
}

/// The condition of each side with its value.
pub(crate) fn values(sides: &[[Side; 2]]) -> Vec<[(Boundary, f64); 2]> {
    sides.iter().map(|ends| ends.map(|side| (side.boundary, side.value()))).collect()
}

/// The condition of random fields in the box: periodic where all sides are, else of zero slope.
pub(crate) fn field_boundary(sides: &[[Side; 2]]) -> Boundary {
    let all_periodic = sides.iter().flatten().all(|side| side.boundary == Boundary::Periodic);
    if all_periodic { Boundary::Periodic } else { Boundary::Neumann }
}

/// Checks that the fluxes through the sides balance a source of mean `source`, where no side holds a value.
///
/// # Errors
/// [`Error::Value`] that says by how much they do not.
pub(crate) fn check_balance(sides: &[[Side; 2]], lengths: &[f64], source: f64) -> Result<()> {
    if !is_singular(&kinds(sides)) {
        return Ok(());
    }
    let through = |axis: usize| sides[axis].map(|side| side.value() / lengths[axis]);
    let fluxes = (0..lengths.len()).flat_map(through).chain([source]);
    let (net, size) =
        fluxes.fold((0.0, 0.0), |(net, size): (f64, f64), flux| (net + flux, size + flux.abs()));
    if net.abs() <= 1e-9 * size {
        return Ok(());
    }
    let expected = "fluxes that balance the source, because no side holds a value (a singular problem)";
    Err(Error::value("boundary", expected, format!("{net:e} too much in the mean of the box")))
}

/// The conditions of an axis in words, for the description of a field `name` and what its slope is called.
pub(crate) fn in_words(ends: [Side; 2], name: &str, slope: &str) -> String {
    let word = |side: Side| match (side.boundary, side.given) {
        (Boundary::Periodic, _) => "periodic".to_string(),
        (Boundary::Dirichlet, None) => format!("{name} = 0"),
        (Boundary::Dirichlet, Some(_)) => format!("{name} = g"),
        (Boundary::Neumann, None) => format!("{slope} = 0"),
        (Boundary::Neumann, Some(_)) if side.alpha == 0.0 => format!("{slope} = g"),
        (Boundary::Neumann, Some(_)) => format!("alpha {name} + {slope} = g"),
    };
    both(ends.map(word))
}

/// The words of the two ends of an axis in one.
pub(crate) fn both([lower, upper]: [String; 2]) -> String {
    if lower == upper { lower } else { format!("{lower} below, {upper} above") }
}

fn half_periodic(ends: &[Boundary; 2]) -> Error {
    Error::value("boundary", "an axis that is periodic at both ends or at none", format!("{ends:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Boundary::{Dirichlet, Neumann, Periodic};
    use sobolev_testing::{noise, relative_error};

    #[test]
    fn every_pair_of_conditions_inverts_the_second_difference() {
        let all = [[Dirichlet; 2], [Neumann; 2], [Periodic; 2], [Dirichlet, Neumann], [Neumann, Dirichlet]];
        for first in all {
            for second in all {
                let (cells, lengths) = ([7, 10], [1.5, 0.8]);
                let laplacian =
                    BoxLaplacian::new(&cells, &lengths, &[first, second], Symbol::SecondOrder).unwrap();
                let mut f = noise(70, 5);
                if laplacian.is_singular() {
                    let mean = f.iter().sum::<f64>() / 70.0;
                    f.iter_mut().for_each(|f| *f -= mean);
                }
                let mut u = f.clone();
                laplacian.solve(1, &mut u).unwrap();
                let back = laplacian.apply(1, &u).unwrap();
                assert!(relative_error(&back, &f) < 1e-12, "{first:?} {second:?}");
                assert!(!laplacian.is_singular() || u.iter().sum::<f64>().abs() < 1e-12);
                // The spectral form by its own modes.
                let spectral =
                    BoxLaplacian::new(&cells, &lengths, &[first, second], Symbol::Spectral).unwrap();
                let mut smooth = f.clone();
                spectral.solve(1, &mut smooth).unwrap();
                let back = spectral.apply(1, &smooth).unwrap();
                assert!(relative_error(&back, &f) < 1e-12, "{first:?} {second:?}");
                // The same by transforms alone.
                let mut modes = f.clone();
                laplacian.to_modes(1, 1, &mut modes).unwrap();
                modes.iter_mut().zip(laplacian.eigenvalues()).for_each(|(u, value)| *u /= value);
                if laplacian.is_singular() {
                    modes[0] = 0.0;
                }
                laplacian.to_values(1, 1, &mut modes).unwrap();
                assert!(relative_error(&modes, &u) < 1e-12, "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn second_differences_of_parabolas_are_their_curvature() {
        // Mirrored at x = 0 and zero at x = 1 up to the error h^2 / 4 of the ghost cell; along the other axis periodic.
        let (n, m) = (6, 3);
        let laplacian = BoxLaplacian::new(
            &[n, m],
            &[1.0, 2.0],
            &[[Neumann, Dirichlet], [Periodic; 2]],
            Symbol::SecondOrder,
        );
        let x = |i: usize| (i as f64 + 0.5) / n as f64;
        let ghost = 0.25 / (n * n) as f64;
        let u: Vec<f64> = (0..n * m).map(|p| 1.0 - x(p / m).powi(2) + ghost).collect();
        let curvature = laplacian.unwrap().apply(1, &u).unwrap();
        assert!(curvature.iter().all(|value| (value - 2.0).abs() < 1e-12), "{curvature:?}");
    }

    fn read(text: &str, dimensions: usize) -> Result<Vec<[Side; 2]>> {
        let table: toml::Table = format!("v = {text}").parse().unwrap();
        sides(&table["v"], dimensions, &["dirichlet", "neumann", "robin", "periodic"])
    }

    #[test]
    fn settings_are_read_and_wrong_ones_are_named() {
        assert_eq!(kinds(&read("\"periodic\"", 2).unwrap()), vec![[Periodic; 2]; 2]);
        let mixed = read("[\"neumann\", [{ dirichlet = 2 }, { robin = [3.0, 0.5] }]]", 2).unwrap();
        assert_eq!(kinds(&mixed), vec![[Neumann; 2], [Dirichlet, Neumann]]);
        assert_eq!(mixed[1].map(|side| (side.alpha, side.value())), [(0.0, 2.0), (3.0, 0.5)]);
        assert_eq!(in_words(mixed[0], "u", "du/dn"), "du/dn = 0");
        assert_eq!(in_words(mixed[1], "u", "du/dn"), "u = g below, alpha u + du/dn = g above");
        for (text, words) in [
            ("\"dirichlett\"", "did you mean \"dirichlet\""),
            ("{ absorbing = 1.0 }", "expected one of dirichlet, neumann, robin, periodic"),
            ("[\"neumann\"]", "2 entries"),
            ("[\"neumann\", [\"periodic\", \"neumann\"]]", "periodic at both ends"),
            ("{ periodic = 1.0 }", "no value"),
            ("{ robin = 1.0 }", "[alpha, value]"),
            ("\"robin\"", "[alpha, value]"),
            ("{ dirichlet = nan }", "boundary dirichlet: expected a finite number"),
            ("3", "dirichlet"),
        ] {
            let error = read(text, 2).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn fluxes_balance_the_source_or_are_refused() {
        // Through the sides of a box 2 x 1, as much goes in below as the source takes and leaves on the right.
        let sides = read("[[\"neumann\", { neumann = -1.0 }], [{ neumann = 2.0 }, \"neumann\"]]", 2).unwrap();
        assert!(check_balance(&sides, &[2.0, 1.0], -1.5).is_ok());
        let error = check_balance(&sides, &[2.0, 1.0], 0.0).unwrap_err().to_string();
        assert!(error.contains("singular") && error.contains("1.5e0 too much"), "{error}");
        assert!(check_balance(&read("\"dirichlet\"", 2).unwrap(), &[2.0, 1.0], 1.0).is_ok());
    }
}
