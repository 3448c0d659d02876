//! Bodies in the flow, by direct forcing with interpolation to the surface (Fadlun, Verzicco, Orlandi and Mohd-Yusof,
//! J. Comput. Phys. 161, 2000), here by parabolas in place of straight lines: second order.
//!
//! Faces inside the body are at rest. A face in the fluid with a neighbour inside takes the velocity of the parabola in the
//! distance that vanishes at the surface and passes through the next two faces outwards; next to a side that leaves one of them, the
//! straight line through this one, and rest where it leaves none.

use super::mac::{Mac, Velocity};
use std::fmt;
use std::sync::Arc;

/// A body at rest: its signed distance, positive in the fluid.
#[derive(Clone)]
pub struct Body(Arc<dyn Fn([f64; 2]) -> f64 + Send + Sync>);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body(..)")
    }
}

impl Body {
    /// The body where `distance` (signed, positive in the fluid) is negative. The surface should be smooth on the scale of
    /// two cells.
    pub fn new(distance: impl Fn([f64; 2]) -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(distance))
    }

    /// A circular cylinder.
    pub fn circle(centre: [f64; 2], radius: f64) -> Self {
        Self::new(move |[x, y]| (x - centre[0]).hypot(y - centre[1]) - radius)
    }
}

/// The faces that bodies hold.
#[derive(Debug, Clone, Default)]
pub(super) struct Forced {
    /// For each component: places of faces at rest.
    solid: [Vec<usize>; 2],
    /// For each component: place of a face at the surface, places of the next two outwards, and their weights.
    surface: [Vec<(usize, [usize; 2], [f64; 2])>; 2],
}

impl Forced {
    /// Sorts the free faces of both components; `periodic` axes wrap around.
    pub(super) fn new(mac: &Mac, periodic: [bool; 2], bodies: &[Body]) -> Self {
        let mut forced = Self::default();
        let distance = |point: [f64; 2]| {
            bodies.iter().map(|Body(distance)| distance(point)).fold(f64::INFINITY, f64::min)
        };
        for component in 0..2 {
            let other = 1 - component;
            for normal in usize::from(!periodic[component])..mac.cells[component] {
                for along in 0..mac.cells[other] {
                    let face = Face { component, normal: normal as isize, along: along as isize };
                    if distance(face.point(mac)) <= 0.0 {
                        forced.solid[component].push(face.place(mac));
                    } else if let Some((outwards, weights)) = face.at_surface(mac, periodic, &distance) {
                        forced.surface[component].push((face.place(mac), outwards, weights));
                    }
                }
            }
        }
        forced
    }

    pub(super) fn is_empty(&self) -> bool {
        self.solid.iter().all(Vec::is_empty) && self.surface.iter().all(Vec::is_empty)
    }

    /// Sets the velocities; returns the sum of the changes of each component.
    pub(super) fn apply(&self, velocity: &mut Velocity) -> [f64; 2] {
        let mut changes = [0.0; 2];
        for ((field, change), (solid, surface)) in
            velocity.iter_mut().zip(&mut changes).zip(self.solid.iter().zip(&self.surface))
        {
            for &place in solid {
                *change -= field[place];
                field[place] = 0.0;
            }
            for &(place, outwards, weights) in surface {
                let value = weights[0] * field[outwards[0]] + weights[1] * field[outwards[1]];
                *change += value - field[place];
                field[place] = value;
            }
        }
        changes
    }
}

/// A face of the grid, by the component of the velocity that stands on it and its numbers along the axes.
#[derive(Clone, Copy)]
struct Face {
    component: usize,
    normal: isize,
    along: isize,
}

impl Face {
    fn point(self, mac: &Mac) -> [f64; 2] {
        let other = 1 - self.component;
        let mut point = [0.0; 2];
        point[self.component] = self.normal as f64 * mac.spacing[self.component];
        point[other] = (self.along as f64 + 0.5) * mac.spacing[other];
        point
    }

    fn place(self, mac: &Mac) -> usize {
        mac.place(self.component, self.normal, self.along)
    }

    /// Place of the face so many further along an axis; none beyond a side, where no velocity stands.
    fn further(mut self, mac: &Mac, periodic: [bool; 2], axis: usize, count: isize) -> Option<usize> {
        let n = mac.cells[axis] as isize;
        // Both sides of the normal axis have faces.
        let (number, last) =
            if axis == self.component { (&mut self.normal, n) } else { (&mut self.along, n - 1) };
        *number += count;
        if periodic[axis] {
            *number = number.rem_euclid(n);
        }
        (0..=last).contains(number).then(|| self.place(mac))
    }

    /// Places of the next two faces outwards and their weights, of a face in the fluid with a neighbour in a body. A straight line
    /// where a side leaves one face outwards, rest where it leaves none.
    fn at_surface(
        self,
        mac: &Mac,
        periodic: [bool; 2],
        distance: &impl Fn([f64; 2]) -> f64,
    ) -> Option<([usize; 2], [f64; 2])> {
        let point = self.point(mac);
        let beyond = |axis: usize, count: f64| {
            let mut x = point;
            x[axis] += count * mac.spacing[axis];
            distance(x)
        };
        let beside = [0, 1].map(|axis| [beyond(axis, 1.0), beyond(axis, -1.0)]);
        if beside.iter().flatten().all(|d| *d > 0.0) {
            return None;
        }
        // Outwards along the axis on which the distance changes most.
        let change = beside.map(|[above, below]| above - below);
        let axis = usize::from(change[1].abs() / mac.spacing[1] > change[0].abs() / mac.spacing[0]);
        let (next, sign) = if change[axis] > 0.0 { (beside[axis][0], 1) } else { (beside[axis][1], -1) };
        let here = distance(point);
        let places = [1, 2].map(|count| self.further(mac, periodic, axis, sign * count));
        Some(match places {
            [Some(first), Some(second)] => {
                ([first, second], weights(here, next, beyond(axis, 2.0 * sign as f64)))
            }
            [Some(first), None] => ([first, first], weights(here, next, next)),
            [None, _] => ([self.place(mac); 2], [0.0; 2]),
        })
    }
}

/// Weights of the next two faces outwards, at distances `next` and `further`, in the parabola through zero at the surface.
/// Straight lines where the faces do not lie one behind the other, rest where there is no fluid.
fn weights(here: f64, next: f64, further: f64) -> [f64; 2] {
    if next <= here {
        [0.0; 2]
    } else if further <= next {
        [here / next, 0.0]
    } else {
        [
            here * (further - here) / (next * (further - next)),
            -here * (next - here) / (further * (further - next)),
        ]
    }
}
