//! Gauss-Seidel sweeps of the factored upwind scheme: `T = base tau`, with `base = 1` in the plain scheme.

/// A grid of up to three axes; missing ones have one cell.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    cells: [usize; 3],
    stride: [usize; 3],
    spacing: [f64; 3],
    dimensions: usize,
}

impl Grid {
    pub(super) fn new(cells: &[usize], lengths: &[f64]) -> Self {
        let (mut padded, mut spacing) = ([1; 3], [1.0; 3]);
        for (axis, (n, length)) in cells.iter().zip(lengths).enumerate() {
            padded[axis] = *n;
            spacing[axis] = length / *n as f64;
        }
        let stride = [padded[1] * padded[2], padded[2], 1];
        Self { cells: padded, stride, spacing, dimensions: cells.len() }
    }

    fn index(&self, place: usize) -> [usize; 3] {
        [place / self.stride[0], place / self.stride[1] % self.cells[1], place % self.cells[2]]
    }

    fn len(&self) -> usize {
        self.cells.iter().product()
    }
}

/// One source on one sample.
#[derive(Debug)]
pub(super) struct Sweeper {
    grid: Grid,
    slowness: Vec<f64>,
    base: Vec<f64>,
    /// Gradient of `base`.
    slope: Vec<[f64; 3]>,
    /// Whether the source is within a cell's length along each axis.
    beside: Vec<[bool; 3]>,
    tau: Vec<f64>,
    fixed: Vec<bool>,
    change: f64,
}

/// What a cell sees along one axis: `dT/dx = alpha tau - beta`, which points away from the earlier neighbour when times `sign` it
/// is positive.
#[derive(Clone, Copy, Default)]
struct Upwind {
    time: f64,
    sign: f64,
    spacing: f64,
    alpha: f64,
    beta: f64,
    /// `dT/dx = alone tau` where the neighbour is not used.
    alone: f64,
}

impl Sweeper {
    /// A point source: times at its speed in the cells around it.
    pub(super) fn from_point(grid: &Grid, slowness: Vec<f64>, point: &[f64], factored: bool) -> Self {
        let d = grid.dimensions;
        let at_source = slowness_at(grid, &slowness, point);
        let len = grid.len();
        let (mut base, mut slope) = (vec![1.0; len], vec![[0.0; 3]; len]);
        let mut beside = vec![[false; 3]; len];
        let (mut tau, mut fixed) = (vec![f64::INFINITY; len], vec![false; len]);
        for place in 0..len {
            let index = grid.index(place);
            let mut offset = [0.0; 3];
            for axis in 0..d {
                offset[axis] = (index[axis] as f64 + 0.5) * grid.spacing[axis] - point[axis];
            }
            let distance = offset.iter().map(|x| x * x).sum::<f64>().sqrt();
            if factored {
                base[place] = at_source * distance;
                slope[place] = offset.map(|x| if distance > 0.0 { at_source * x / distance } else { 0.0 });
            }
            for axis in 0..d {
                beside[place][axis] = offset[axis].abs() <= grid.spacing[axis];
            }
            if beside[place][..d].iter().all(|beside| *beside) {
                fixed[place] = true;
                tau[place] = if factored { 1.0 } else { at_source * distance };
            }
        }
        Self { grid: grid.clone(), slowness, base, slope, beside, tau, fixed, change: 1.0 }
    }

    /// Times given in some cells, infinite in the others.
    pub(super) fn from_times(grid: &Grid, slowness: Vec<f64>, times: Vec<f64>) -> Self {
        let len = grid.len();
        let fixed = times.iter().map(|t| t.is_finite()).collect();
        let (base, slope, beside) = (vec![1.0; len], vec![[0.0; 3]; len], vec![[false; 3]; len]);
        Self { grid: grid.clone(), slowness, base, slope, beside, tau: times, fixed, change: 1.0 }
    }

    /// The largest relative change in the last round; one before the first.
    pub(super) fn change(&self) -> f64 {
        self.change
    }

    pub(super) fn times(&self) -> impl Iterator<Item = f64> + '_ {
        self.base.iter().zip(&self.tau).map(|(base, tau)| base * tau)
    }

    /// Sweeps in all directions.
    pub(super) fn round(&mut self) {
        let Grid { cells, stride, dimensions, .. } = self.grid.clone();
        let mut change = 0.0_f64;
        for direction in 0..1_usize << dimensions {
            let order = |axis: usize, step: usize| {
                if direction >> axis & 1 == 0 { step } else { cells[axis] - 1 - step }
            };
            for a in 0..cells[0] {
                let i = order(0, a);
                for b in 0..cells[1] {
                    let j = order(1, b);
                    for c in 0..cells[2] {
                        let k = order(2, c);
                        let place = i * stride[0] + j * stride[1] + k * stride[2];
                        if self.fixed[place] {
                            continue;
                        }
                        let old = self.tau[place];
                        let new = self.update(place, [i, j, k]);
                        if new < old {
                            self.tau[place] = new;
                            change = change.max(if old.is_finite() { (old - new) / old.abs() } else { 1.0 });
                        }
                    }
                }
            }
        }
        self.change = change;
    }

    /// The value that the upwind differences give to a cell: of as many axes as the front comes along.
    fn update(&self, place: usize, index: [usize; 3]) -> f64 {
        let Grid { cells, stride, spacing, dimensions } = &self.grid;
        let (base, slope, slowness) = (self.base[place], self.slope[place], self.slowness[place]);
        let mut seen = [Upwind::default(); 3];
        let mut count = 0;
        for axis in 0..*dimensions {
            let (s, i) = (stride[axis], index[axis]);
            let time = |neighbour: usize| self.base[neighbour] * self.tau[neighbour];
            let below = if i > 0 { time(place - s) } else { f64::INFINITY };
            let above = if i + 1 < cells[axis] { time(place + s) } else { f64::INFINITY };
            let (time, sign, tau) = match below <= above {
                true if below < f64::INFINITY => (below, 1.0, self.tau[place - s]),
                true => (below, 1.0, 0.0),
                false => (above, -1.0, self.tau[place + s]),
            };
            let rate = sign * base / spacing[axis];
            // Beside the source the front comes along the other axes, and T0 knows how it bends.
            let alone = if self.beside[place][axis] { slope[axis] } else { 0.0 };
            let mut new = Upwind {
                time,
                sign,
                spacing: spacing[axis],
                alpha: rate + slope[axis],
                beta: rate * tau,
                alone,
            };
            // Earliest first.
            for other in seen.iter_mut().take(count) {
                if new.time < other.time {
                    std::mem::swap(other, &mut new);
                }
            }
            seen[count] = new;
            count += 1;
        }
        let seen = &seen[..count];
        let known = seen.iter().filter(|upwind| upwind.time < f64::INFINITY).count();
        for used in (1..=known).rev() {
            if let Some(tau) = quadratic(seen, used, base, slowness) {
                return tau;
            }
        }
        if known == 0 { f64::INFINITY } else { (seen[0].time + slowness * seen[0].spacing) / base }
    }
}

/// The larger root of `sum (dT/dx)^2 = slowness^2` with the first `used` neighbours, if there is one that is later than they are
/// and grows away from them.
fn quadratic(seen: &[Upwind], used: usize, base: f64, slowness: f64) -> Option<f64> {
    let (mut a, mut b, mut c) = (0.0, 0.0, -slowness * slowness);
    for Upwind { alpha, beta, .. } in &seen[..used] {
        a += alpha * alpha;
        b += alpha * beta;
        c += beta * beta;
    }
    for Upwind { alone, .. } in &seen[used..] {
        a += alone * alone;
    }
    let discriminant = b * b - a * c;
    if discriminant < 0.0 || a == 0.0 {
        return None;
    }
    let tau = (b + discriminant.sqrt()) / a;
    let away = |upwind: &Upwind| upwind.sign * (upwind.alpha * tau - upwind.beta) >= 0.0;
    (base * tau >= seen[used - 1].time && seen[..used].iter().all(away)).then_some(tau)
}

/// Slowness at a point, linear between cell centres.
fn slowness_at(grid: &Grid, slowness: &[f64], point: &[f64]) -> f64 {
    let mut corners = vec![(0, 1.0)];
    for (axis, x) in point.iter().enumerate() {
        let n = grid.cells[axis];
        let place = (x / grid.spacing[axis] - 0.5).clamp(0.0, (n - 1) as f64);
        let first = (place.floor() as usize).min(n.saturating_sub(2));
        let part = place - first as f64;
        let second = (first + 1).min(n - 1);
        corners = corners
            .iter()
            .flat_map(|(at, weight)| {
                let stride = grid.stride[axis];
                [(at + first * stride, weight * (1.0 - part)), (at + second * stride, weight * part)]
            })
            .collect();
    }
    corners.iter().map(|(at, weight)| weight * slowness[*at]).sum()
}
