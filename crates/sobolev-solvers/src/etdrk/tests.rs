use super::*;
use num_complex::Complex64;
use sobolev_fft::RowFourier;
use sobolev_tensor::Error;
use sobolev_testing::observed_order;

type Pair = (f64, f64);

/// `z` and `[phi_1, phi_2, phi_3, first, middle, last]` there, from 80-digit arithmetic (mpmath), rounded once.
const HIGH_PRECISION: &[(Pair, [Pair; 6])] = &[
    (
        (-1e-12, 0.0),
        [
            (0.9999999999995, 0.0),
            (0.49999999999983336, 0.0),
            (0.166666666666625, 0.0),
            (0.1666666666665, 0.0),
            (0.16666666666658334, 0.0),
            (0.16666666666666666, 0.0),
        ],
    ),
    (
        (-0.001, 0.0),
        [
            (0.9995001666250083, 0.0),
            (0.4998333749916681, 0.0),
            (0.16662500833194463, 0.0),
            (0.16650007497778274, 0.0),
            (0.16658335832777876, 0.0),
            (0.16666665833611052, 0.0),
        ],
    ),
    (
        (-0.99, 0.0),
        [
            (0.6347710191696508, 0.0),
            (0.36891816245489817, 0.0),
            (0.13240589651020387, 0.0),
            (0.057640117845771825, 0.0),
            (0.10410636943449042, 0.0),
            (0.16070542358591733, 0.0),
        ],
    ),
    (
        (-1.01, 0.0),
        [
            (0.629486158840076, 0.0),
            (0.36684538728705357, 0.0),
            (0.13183625021083809, 0.0),
            (0.056294997822267594, 0.0),
            (0.10317288686537739, 0.0),
            (0.16049961355629877, 0.0),
        ],
    ),
    (
        (-3.25, 0.0),
        [
            (0.295761782205624, 0.0),
            (0.21668868239826955, 0.0),
            (0.08717271310822476, 0.0),
            (-0.005613412556285593, 0.0),
            (0.04234325618182003, 0.0),
            (0.1320021700346295, 0.0),
        ],
    ),
    (
        (-40.0, 0.0),
        [
            (0.025, 0.0),
            (0.024375, 0.0),
            (0.011890625, 0.0),
            (-0.0005625000000000001, 0.0),
            (0.00059375, 0.0),
            (0.0231875, 0.0),
        ],
    ),
    (
        (-1000000.0, 0.0),
        [
            (1e-06, 0.0),
            (9.99999e-07, 0.0),
            (4.99999000001e-07, 0.0),
            (-9.99996e-13, 0.0),
            (9.99998e-13, 0.0),
            (9.99997000004e-07, 0.0),
        ],
    ),
    (
        (1.5, 0.0),
        [
            (2.321126046892043, 0.0),
            (0.8807506979280288, 0.0),
            (0.2538337986186859, 0.0),
            (0.6942091475827002, 0.0),
            (0.3730831006906571, 0.0),
            (0.13458449654671467, 0.0),
        ],
    ),
    (
        (10.0, 0.0),
        [
            (2202.5465794806714, 0.0),
            (220.15465794806715, 0.0),
            (21.96546579480672, 0.0),
            (1629.944468815697, 0.0),
            (176.22372635845375, 0.0),
            (-132.2927947688403, 0.0),
        ],
    ),
    (
        (0.0, 1e-08),
        [
            (1.0, 5e-09),
            (0.5, 1.6666666666666667e-09),
            (0.16666666666666666, 4.166666666666667e-10),
            (0.16666666666666666, 1.6666666666666667e-09),
            (0.16666666666666666, 8.333333333333334e-10),
            (0.16666666666666666, 2.777777777777778e-27),
        ],
    ),
    (
        (0.0, 0.75),
        [
            (0.9088516800311123, 0.3577481748349055),
            (0.4769975664465406, 0.12153109329185037),
            (0.16204145772246717, 0.03066991140461247),
            (0.12602481158135892, 0.11583454057780426),
            (0.15291465100160634, 0.06019127048262543),
            (0.171168264443328, 0.0011485523265995147),
        ],
    ),
    (
        (0.0, -1.25),
        [
            (0.759187695484469, -0.547742110083785),
            (0.4381936880670281, -0.19264984361242482),
            (0.15411987488993986, -0.04944504954637756),
            (0.061086130843144244, -0.16757277743202081),
            (0.12995393828714832, -0.09375974451966972),
            (0.17828581149273137, -0.005130354573085404),
        ],
    ),
    (
        (0.0, 7.0),
        [
            (0.09385522838839844, 0.035156820808099336),
            (0.005022402972585619, 0.12944925308737165),
            (0.018492750441053092, 0.07071108528963063),
            (0.15275902123485396, -0.07034659729549311),
            (-0.031963097909520566, -0.0119729174918896),
            (0.06894859879162675, 0.15339508807115085),
        ],
    ),
    (
        (0.0, -12345.5),
        [
            (-6.631497278814155e-05, -3.4487578039801636e-05),
            (2.793534327471681e-09, -8.10065461077144e-05),
            (6.561625378292852e-09, -4.050058703223569e-05),
            (-6.629710688961079e-05, 4.6529712154398815e-05),
            (-1.0329716429114022e-08, -5.37204324302754e-09),
            (2.3452967185699726e-08, -8.099580202122834e-05),
        ],
    ),
    (
        (-0.7, 0.7),
        [
            (0.671499747142553, 0.2144868386786558),
            (0.3878479225257877, 0.08143815298485083),
            (0.13827873604218796, 0.021938517492401045),
            (0.061070923733941726, 0.05792644969370749),
            (0.11129045044141181, 0.037561118000048736),
            (0.1652670216429641, 0.006315916984753351),
        ],
    ),
    (
        (-30.0, 50.0),
        [
            (0.008823529411763549, 0.014705882352940066),
            (0.00896193771626297, 0.014446366782006947),
            (0.004545135355180135, 0.00709368003256666),
            (0.00011825768369517826, -0.00025849786281413763),
            (-0.0001283329940972999, 0.0002590067168736278),
            (0.00921860370445757, 0.013928353348259691),
        ],
    ),
    (
        (0.3, -4.0),
        [
            (-0.2890617796854692, -0.4489020161832439),
            (0.08756305350076661, -0.3288326739339248),
            (0.07405839725207763, -0.10866361641871417),
            (-0.2555173511794585, 0.10294153994367385),
            (-0.060553741003388666, -0.11150544109649646),
            (0.20867053550754394, -0.10582179174093188),
        ],
    ),
];

fn complex((re, im): Pair) -> Complex64 {
    Complex64::new(re, im)
}

#[test]
fn phi_functions_and_weights_agree_with_high_precision() {
    for &(z, expected) in HIGH_PRECISION {
        let z = complex(z);
        let [_, first, second, third] = phi(z);
        let weights = Weights::at(z);
        let got = [first, second, third, weights.first, weights.middle, weights.last];
        for (index, (got, expected)) in got.into_iter().zip(expected.map(complex)).enumerate() {
            // Just outside the unit circle the numerators cancel to about 1/20 of their terms, near the zero of the
            // first weight to 1/100: 2e-14 is a hundred roundings.
            let error = (got - expected).norm() / expected.norm();
            assert!(error < 2e-14, "function {index} at {z}: {got}, expected {expected}, error {error:.1e}");
        }
    }
}

#[test]
fn weights_sum_to_the_first_phi_function_and_are_simpsons_at_zero() {
    for exponent in -12..=5 {
        for direction in [complex((-1.0, 0.0)), complex((0.0, 1.0)), complex((-0.6, -0.8))] {
            let z = 1.7 * 10.0_f64.powi(exponent) * direction;
            let Weights { first, middle, last } = Weights::at(z);
            let scale = first.norm() + 4.0 * middle.norm() + last.norm();
            assert!((first + 4.0 * middle + last - phi(z)[1]).norm() < 4e-14 * scale, "at {z}");
        }
    }
    let Weights { first, middle, last } = Weights::at(Complex64::ZERO);
    for weight in [first, middle, last] {
        assert!((weight - 1.0 / 6.0).norm() < 1e-16);
    }
}

#[test]
fn doubling_identities_hold() {
    for z in [(-0.3, 0.4), (-0.9, 0.0), (-4.0, 1.0), (0.0, 12.0), (-60.0, 5.0)].map(complex) {
        let [e, first, second, third] = phi(z);
        let [_, first2, second2, third2] = phi(2.0 * z);
        for (got, expected) in [
            (first2, 0.5 * (e + 1.0) * first),
            (second2, 0.25 * (first * first + 2.0 * second)),
            (third2, 0.125 * (first * second + second + 2.0 * third)),
        ] {
            assert!((got - expected).norm() < 1e-14 * expected.norm().max(1e-3), "at {z}: {got} {expected}");
        }
    }
}

const ORDERS: [Order; 4] = [Order::First, Order::Second, Order::Third, Order::Fourth];

/// Error at time 1 of `w_t = L w + N(w)` from 1, in `count` steps.
fn error_at_one<S: Symbol>(
    order: Order,
    symbol: S,
    count: u64,
    nonlinear: impl System,
    exact: Complex64,
) -> f64 {
    let scheme = Scheme::new(order, &[symbol], 1.0 / count as f64).unwrap();
    let mut work = Workspace::new(1);
    work.state[0] = Complex64::ONE;
    let report = march(&scheme, count, &mut work, nonlinear).unwrap();
    assert_eq!((report.steps, report.rejected), (count, 0));
    (work.state[0] - exact).norm()
}

fn check_order(order: Order, error: impl Fn(u64) -> f64) {
    let counts = [64, 128, 256];
    let errors = counts.map(error);
    let observed = observed_order(&counts.map(|count| 1.0 / count as f64), &errors);
    assert!(
        (observed - f64::from(order.number())).abs() < 0.15,
        "{order:?}: order {observed:.3} from {errors:?}"
    );
}

#[test]
fn every_order_is_observed_for_real_and_for_complex_symbols() {
    for order in ORDERS {
        // w_t = -3 w + w^2: w = 3 / (1 + 2 e^{3 t}).
        let logistic = |w: &[Complex64], rate: &mut [Complex64]| rate[0] = w[0] * w[0];
        let exact = Complex64::from(3.0 / (1.0 + 2.0 * 3.0_f64.exp()));
        check_order(order, |count| error_at_one(order, -3.0, count, logistic, exact));
        // w_t = 5 i w - w |w|^2: w = e^{5 i t} / sqrt(1 + 2 t). Schemes that drop the imaginary parts of the tables fall
        // to order one here.
        let decay = |w: &[Complex64], rate: &mut [Complex64]| rate[0] = -w[0] * w[0].norm_sqr();
        let symbol = Complex64::new(0.0, 5.0);
        let exact = symbol.exp() / 3.0_f64.sqrt();
        check_order(order, |count| error_at_one(order, symbol, count, decay, exact));
    }
}

/// Error at t = 2 of the soliton `u = sech^2((x - t) / 2) / 2` of `u_t + 6 u u_x + u_xxx = 0` on a period of 40 with 256
/// points, relative to its height 1/2.
fn soliton_error(order: Order, step: f64) -> f64 {
    let (n, length, time) = (256, 40.0, 2.0);
    let fourier = RowFourier::new(n).unwrap();
    let mut scratch = fourier.scratch();
    let soliton = |t: f64| -> Vec<f64> {
        (0..n)
            .map(|i| 0.5 * ((length * i as f64 / n as f64 - 0.5 * length - t) / 2.0).cosh().powi(-2))
            .collect()
    };
    let kappa = |k: usize| std::f64::consts::TAU * k as f64 / length;
    let symbol: Vec<Complex64> =
        (0..fourier.frequencies()).map(|k| Complex64::new(0.0, kappa(k).powi(3))).collect();
    let scheme = Scheme::new(order, &symbol, step).unwrap();
    let mut work = Workspace::new(symbol.len());
    fourier.forward(&soliton(0.0), &mut work.state, &mut scratch).unwrap();
    let mut transform = fourier.scratch();
    let mut u = vec![0.0; n];
    let nonlinear = |state: &[Complex64], rate: &mut [Complex64]| {
        fourier.inverse(state, &mut u, &mut transform).unwrap();
        u.iter_mut().for_each(|v| *v *= *v);
        fourier.forward(&u, rate, &mut transform).unwrap();
        for (k, rate) in rate.iter_mut().enumerate() {
            // Products of waves below n/3 do not alias onto waves below n/3.
            *rate *= if 3 * k < n { Complex64::new(0.0, -3.0 * kappa(k)) } else { Complex64::ZERO };
        }
    };
    let _ = march(&scheme, (time / step).round() as u64, &mut work, nonlinear).unwrap();
    let mut values = vec![0.0; n];
    fourier.inverse(&work.state, &mut values, &mut scratch).unwrap();
    sobolev_testing::largest(values.iter().zip(soliton(time)).map(|(a, b)| a - b)) / 0.5
}

#[test]
fn dispersive_soliton_keeps_the_order_of_the_scheme() {
    // Below them the fourth order meets the tail of the soliton at the ends of the period, 6e-8.
    let steps = [0.08, 0.04, 0.02];
    for (order, least) in [(Order::Second, 1.95), (Order::Fourth, 3.6)] {
        let errors = steps.map(|step| soliton_error(order, step));
        assert!(observed_order(&steps, &errors) > least, "{order:?}: {errors:?}");
    }
    // Contour means whose imaginary parts are dropped leave 1.7e-2 here.
    let error = soliton_error(Order::Fourth, 0.02);
    assert!(error < 1.1e-7, "{error:.2e}");
}

#[test]
fn linear_part_is_exact_for_any_step() {
    for order in ORDERS {
        let nothing = |_: &[Complex64], rate: &mut [Complex64]| rate[0] = Complex64::ZERO;
        let exact = Complex64::from((-50.0_f64).exp());
        assert!(error_at_one(order, -50.0, 1, nothing, exact) <= 1e-15 * exact.re);
    }
}

#[test]
fn adaptive_steps_meet_the_tolerance_and_their_own_estimate() {
    for order in ORDERS {
        for tolerance in [1e-4, 1e-7] {
            let ladder = Ladder::new(order, [-3.0].into(), 1.0);
            let mut work = Workspace::new(1);
            work.state[0] = Complex64::ONE;
            let logistic = |w: &[Complex64], rate: &mut [Complex64]| rate[0] = w[0] * w[0];
            let control = Control { error_rate: tolerance, error_floor: 0.0, first_step: 1.0 };
            let report = ladder.integrate(&mut work, control, logistic).unwrap();
            let exact = 3.0 / (1.0 + 2.0 * 3.0_f64.exp());
            let error = (work.state[0].re - exact).abs() / exact;
            // Relative errors of a decaying state grow with e^{integral of 2 w}, here by less than 3.
            assert!(report.error <= tolerance, "{order:?}: {report:?}");
            assert!(error <= 3.0 * tolerance, "{order:?}, {tolerance}: error {error:.2e}, {report:?}");
        }
    }
}

#[test]
fn estimates_fall_with_the_power_that_steps_are_chosen_by() {
    for order in ORDERS {
        let steps = [0.04, 0.02, 0.01];
        let estimates = steps.map(|step| {
            let mut work = Workspace::new(1);
            work.state[0] = Complex64::ONE;
            let logistic = |w: &[Complex64], rate: &mut [Complex64]| rate[0] = w[0] * w[0];
            march(&Scheme::new(order, &[-3.0], step).unwrap(), 1, &mut work, logistic).unwrap().error
        });
        let power = observed_order(&steps, &estimates);
        assert!((power - f64::from(order.estimate_power())).abs() < 0.15, "{order:?}: {power} {estimates:?}");
    }
}

#[test]
fn a_solution_that_blows_up_is_an_error_and_no_endless_loop() {
    // w_t = w^2 from 1 ends at t = 1.
    let ladder = Ladder::new(Order::Fourth, [0.0].into(), 2.0);
    let mut work = Workspace::new(1);
    work.state[0] = Complex64::ONE;
    let square = |w: &[Complex64], rate: &mut [Complex64]| rate[0] = w[0] * w[0];
    let control = Control { error_rate: 1e-6, error_floor: 1e-9, first_step: 2.0 };
    let error = ladder.integrate(&mut work, control, square).unwrap_err();
    assert!(matches!(error, Error::NoConvergence { .. }), "{error}");
}

#[test]
fn steps_without_meaning_are_refused() {
    for step in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Scheme::new(Order::Fourth, &[-1.0], step).unwrap_err();
        assert!(matches!(&error, Error::Value { argument, .. } if argument == "time step"), "{error}");
    }
    assert!(Scheme::new(Order::Fourth, &[1e3], 1.0).is_err(), "e^1000 is beyond the number range");
}
