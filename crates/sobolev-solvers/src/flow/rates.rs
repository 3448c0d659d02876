//! Convection and diffusion of momentum, by central differences of second order.

use super::mac::{Mac, Velocity};
use super::sides::Edge;

/// Sets `change = keep change + step (-(u . grad) u + viscosity Laplacian u)` on every face whose velocity is free.
pub(super) fn accumulate(
    mac: &Mac,
    edges: &[[Edge; 2]; 2],
    viscosity: f64,
    keep: f64,
    step: f64,
    velocity: &Velocity,
    change: &mut Velocity,
) {
    for component in 0..2 {
        let (own, other) = (&velocity[component], &velocity[1 - component]);
        let (s, t) = (mac.stride[component], mac.stride[1 - component]);
        let (h, g) = (mac.spacing[component], mac.spacing[1 - component]);
        let to = &mut change[component];
        let factors = Factors {
            keep,
            along: 0.25 * step / h,
            across: 0.25 * step / g,
            diffusion: [step * viscosity / (h * h), step * viscosity / (g * g)],
        };
        for (p, len) in mac.rows(component, first_free(edges, component), mac.cells[component]) {
            accumulate_row(
                factors,
                &own[p..p + len],
                [&own[p - s..p - s + len], &own[p + s..p + s + len]],
                [&own[p - t..p - t + len], &own[p + t..p + t + len]],
                [&other[p - s..p - s + len], &other[p..p + len]],
                [&other[p - s + t..p - s + t + len], &other[p + t..p + t + len]],
                &mut to[p..p + len],
            );
        }
        for side in 0..2 {
            if matches!(edges[component][side], Edge::Outflow) {
                accumulate_outflow(mac, component, side, viscosity, keep, step, velocity, to);
            }
        }
    }
}

/// The first face along the axis of a component whose velocity the interior formula gives; the last one is `n - 1`.
pub(super) fn first_free(edges: &[[Edge; 2]; 2], component: usize) -> usize {
    usize::from(!matches!(edges[component][0], Edge::Periodic))
}

#[derive(Clone, Copy)]
struct Factors {
    keep: f64,
    along: f64,
    across: f64,
    diffusion: [f64; 2],
}

/// A row of faces. `ahead` are the neighbours along the axis of the component, `aside` those along the other one; `below` and
/// `above` hold the other component at the lower and upper corners of the face's cell, before and behind it.
#[inline]
fn accumulate_row(
    factors: Factors,
    own: &[f64],
    ahead: [&[f64]; 2],
    aside: [&[f64]; 2],
    below: [&[f64]; 2],
    above: [&[f64]; 2],
    to: &mut [f64],
) {
    let n = to.len();
    let Factors { keep, along, across, diffusion: [d1, d2] } = factors;
    let (own, [a0, a1], [s0, s1]) = (&own[..n], ahead.map(|v| &v[..n]), aside.map(|v| &v[..n]));
    let ([b0, b1], [c0, c1]) = (below.map(|v| &v[..n]), above.map(|v| &v[..n]));
    for k in 0..n {
        let u = own[k];
        let (behind, before) = (a0[k] + u, u + a1[k]);
        let (lower, upper) = ((b0[k] + b1[k]) * (s0[k] + u), (c0[k] + c1[k]) * (u + s1[k]));
        let convection = along * (before * before - behind * behind) + across * (upper - lower);
        let diffusion = d1 * (a0[k] - 2.0 * u + a1[k]) + d2 * (s0[k] - 2.0 * u + s1[k]);
        to[k] = keep * to[k] + diffusion - convection;
    }
}

/// The faces of an outflow: carried outwards by upwind differences, so that nothing is asked for beyond the side.
fn accumulate_outflow(
    mac: &Mac,
    component: usize,
    side: usize,
    viscosity: f64,
    keep: f64,
    step: f64,
    velocity: &Velocity,
    to: &mut [f64],
) {
    let other = 1 - component;
    let n = mac.cells[component] as isize;
    let (face, inner, cell, outward) = if side == 0 { (0, 1, 0, -1.0) } else { (n, n - 1, n - 1, 1.0) };
    let (h, g, t) = (mac.spacing[component], mac.spacing[other], mac.stride[other]);
    let own = &velocity[component];
    for along in 0..mac.cells[other] as isize {
        let p = mac.place(component, face, along);
        let u = own[p];
        let leaving = (outward * u).max(0.0);
        let [below, above] = [along, along + 1].map(|f| velocity[other][mac.place(other, f, cell)]);
        let convection = leaving * (u - own[mac.place(component, inner, along)]) / h
            + 0.5 * (below + above) * (own[p + t] - own[p - t]) / (2.0 * g);
        let diffusion = viscosity * (own[p - t] - 2.0 * u + own[p + t]) / (g * g);
        to[p] = keep * to[p] + step * (diffusion - convection);
    }
}
