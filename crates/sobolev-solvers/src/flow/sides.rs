//! What holds on the sides of a flow.

use super::mac::Mac;
use sobolev_tensor::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// A velocity along a side, as a function of the place on it, which runs from 0 to the side's length.
#[derive(Clone)]
pub enum Profile {
    /// The same everywhere.
    Uniform(f64),
    /// `4 peak s (L - s) / L^2`: laminar flow between walls.
    Parabola(f64),
    /// Any function of s.
    Function(Arc<dyn Fn(f64) -> f64 + Send + Sync>),
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uniform(value) => write!(f, "Uniform({value})"),
            Self::Parabola(peak) => write!(f, "Parabola({peak})"),
            Self::Function(_) => write!(f, "Function(..)"),
        }
    }
}

impl Profile {
    fn at(&self, s: f64, length: f64) -> f64 {
        match self {
            Self::Uniform(value) => *value,
            Self::Parabola(peak) => 4.0 * peak * s * (length - s) / (length * length),
            Self::Function(function) => function(s),
        }
    }

    /// Averages over the cells of a side, by three Gauss points each: what flows through their faces.
    fn averages(&self, cells: usize, length: f64) -> Vec<f64> {
        let h = length / cells as f64;
        let far = 0.5 * 0.6_f64.sqrt();
        let average = |cell: usize| {
            let at = |place: f64| self.at((cell as f64 + 0.5 + place) * h, length);
            (5.0 * at(-far) + 8.0 * at(0.0) + 5.0 * at(far)) / 18.0
        };
        (0..cells).map(average).collect()
    }
}

/// What holds on one side of the box.
#[derive(Debug, Clone)]
pub enum FlowSide {
    /// A given velocity: `normal` along the axis that crosses the side (positive along the axis, so into the box on a lower
    /// side), `tangential` along the side.
    Velocity {
        /// Velocity along the axis that crosses the side.
        normal: Profile,
        /// Velocity along the side.
        tangential: Profile,
    },
    /// No flow through the side and no friction on it.
    Slip,
    /// The flow leaves freely: pressure zero, velocity carried out by itself.
    Outflow,
    /// The box wraps around; on both sides of an axis.
    Periodic,
}

impl FlowSide {
    /// A wall at rest: the velocity vanishes.
    pub const WALL: Self =
        Self::Velocity { normal: Profile::Uniform(0.0), tangential: Profile::Uniform(0.0) };

    /// A wall that slides along itself at `speed`, positive along the axis.
    pub fn moving_wall(speed: f64) -> Self {
        Self::Velocity { normal: Profile::Uniform(0.0), tangential: Profile::Uniform(speed) }
    }

    /// Flow through the side along the axis that crosses it.
    pub fn inflow(normal: Profile) -> Self {
        Self::Velocity { normal, tangential: Profile::Uniform(0.0) }
    }
}

/// A [`FlowSide`] on a grid.
#[derive(Debug, Clone)]
pub(super) enum Edge {
    /// Normal velocity at the faces of the side; tangential velocity at the corners of its cells, none without friction.
    Fixed {
        normal: Vec<f64>,
        tangential: Option<Vec<f64>>,
    },
    Outflow,
    Periodic,
}

/// The sides on a grid, `[axis][lower, upper]`, with fluxes that balance.
///
/// # Errors
/// [`Error::Value`] for velocities that are not finite, and when what flows in does not flow out and there is no outflow.
pub(super) fn resolve(sides: &[[FlowSide; 2]; 2], mac: &Mac) -> Result<[[Edge; 2]; 2]> {
    let edge = |axis: usize, side: usize| {
        let along = 1 - axis;
        let (cells, length) = (mac.cells[along], mac.lengths[along]);
        match &sides[axis][side] {
            FlowSide::Velocity { normal, tangential } => {
                let corner = |i: usize| tangential.at(i as f64 * length / cells as f64, length);
                Edge::Fixed {
                    normal: normal.averages(cells, length),
                    tangential: Some((0..=cells).map(corner).collect()),
                }
            }
            FlowSide::Slip => Edge::Fixed { normal: vec![0.0; cells], tangential: None },
            FlowSide::Outflow => Edge::Outflow,
            FlowSide::Periodic => Edge::Periodic,
        }
    };
    let mut edges = [[edge(0, 0), edge(0, 1)], [edge(1, 0), edge(1, 1)]];
    let (mut net, mut total, mut faces, mut open) = (0.0, 0.0, 0.0, false);
    for (axis, ends) in edges.iter().enumerate() {
        for (side, edge) in ends.iter().enumerate() {
            open |= matches!(edge, Edge::Outflow);
            let Edge::Fixed { normal, tangential } = edge else { continue };
            if !normal.iter().chain(tangential.iter().flatten()).all(|v| v.is_finite()) {
                return Err(Error::value(name(axis, side), "finite velocities", "another"));
            }
            let h = mac.spacing[1 - axis];
            let sign = if side == 0 { 1.0 } else { -1.0 };
            net += sign * h * normal.iter().sum::<f64>();
            total += h * normal.iter().map(|v| v.abs()).sum::<f64>();
            faces += h * normal.iter().filter(|v| **v != 0.0).count() as f64;
        }
    }
    if open || net == 0.0 {
        return Ok(edges);
    }
    // A profile that balances as a function does so on the grid up to its quadrature.
    if net.abs() > 1e-5 * total {
        let expected =
            "as much flow out as in, because there is no outflow (a singular problem for the pressure)";
        return Err(Error::value("sides", expected, format!("{net:e} more in than out"))
            .with_hint("make a side an outflow"));
    }
    for (side, edge) in edges.iter_mut().flatten().enumerate() {
        let Edge::Fixed { normal, .. } = edge else { continue };
        let sign = if side % 2 == 0 { 1.0 } else { -1.0 };
        normal.iter_mut().filter(|v| **v != 0.0).for_each(|v| *v -= sign * net / faces);
    }
    Ok(edges)
}

/// The usual name of a side.
pub(super) fn name(axis: usize, side: usize) -> &'static str {
    [["left", "right"], ["bottom", "top"]][axis][side]
}
