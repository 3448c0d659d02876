//! Bodies in the flow, by direct forcing with interpolation to the surface (Fadlun, Verzicco, Orlandi and Mohd-Yusof,
//! J. Comput. Phys. 161, 2000), here by parabolas in place of straight lines: second order.
//!
//! Faces inside the body are at rest. A face in the fluid with a neighbour inside takes the velocity of the parabola in the
//! distance that vanishes at the surface and passes through the next two faces outwards.

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
    /// Sorts the free faces `first[a]..n[a]` of both components.
    pub(super) fn new(mac: &Mac, first: [usize; 2], bodies: &[Body]) -> Self {
        let mut forced = Self::default();
        let distance = |point: [f64; 2]| {
            bodies.iter().map(|Body(distance)| distance(point)).fold(f64::INFINITY, f64::min)
        };
        for component in 0..2 {
            let other = 1 - component;
            for normal in first[component]..mac.cells[component] {
                for along in 0..mac.cells[other] {
                    let mut point = [0.0; 2];
                    point[component] = normal as f64 * mac.spacing[component];
                    point[other] = (along as f64 + 0.5) * mac.spacing[other];
                    let place = mac.place(component, normal as isize, along as isize);
                    let here = distance(point);
                    if here <= 0.0 {
                        forced.solid[component].push(place);
                        continue;
                    }
                    let beside = [[1, 0], [-1, 0], [0, 1], [0, -1]].map(|[a, b]: [isize; 2]| {
                        let x = point[0] + a as f64 * mac.spacing[0];
                        let y = point[1] + b as f64 * mac.spacing[1];
                        distance([x, y])
                    });
                    if beside.iter().all(|d| *d > 0.0) {
                        continue;
                    }
                    // Outwards along the axis on which the distance changes most.
                    let change = [beside[0] - beside[1], beside[2] - beside[3]];
                    let axis =
                        usize::from(change[1].abs() / mac.spacing[1] > change[0].abs() / mac.spacing[0]);
                    let up = change[axis] > 0.0;
                    let outer = beside[2 * axis + usize::from(!up)];
                    let further = {
                        let mut x = point;
                        x[axis] += if up { 2.0 } else { -2.0 } * mac.spacing[axis];
                        distance(x)
                    };
                    let stride = mac.stride[axis];
                    let at = |count: usize| if up { place + count * stride } else { place - count * stride };
                    forced.surface[component].push((place, [at(1), at(2)], weights(here, outer, further)));
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
