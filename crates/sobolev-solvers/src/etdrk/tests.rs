use super::*;
use num_complex::Complex64;

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

/// Takes `w_t = rate(w)` from 1 over `interval` by Euler's steps with their estimate `h |rate(w') - rate(w)| / 2`, as a control
/// of `tolerance` chooses them.
fn euler(rate: impl Fn(f64) -> f64, interval: f64, tolerance: f64, first: f64) -> (f64, Control, Outcome) {
    let mut control = Control::new(interval, (tolerance, interval), 2, f64::EPSILON, first);
    let mut w = 1.0;
    while !control.finished() {
        let h = control.step();
        let next = w + h * rate(w);
        match control.judge((0.5 * h * (rate(next) - rate(w)) / next).abs()) {
            Outcome::Accepted => w = next,
            Outcome::Rejected => {}
            Outcome::Stuck => return (w, control, Outcome::Stuck),
        }
    }
    (w, control, Outcome::Accepted)
}

#[test]
fn controlled_steps_end_on_the_interval_and_their_estimates_are_within_twice_the_tolerance() {
    for tolerance in [1e-2, 1e-3, 1e-4] {
        // A relaxation, from a first step far too long and one far too short.
        for first in [3.0, 1e-5] {
            let (w, control, outcome) = euler(|w| -w, 3.0, tolerance, first);
            assert_eq!(outcome, Outcome::Accepted);
            let report = control.report();
            assert!(control.finished() && (control.time() - 3.0).abs() < 1e-15);
            assert!(report.error <= 2.0 * tolerance, "{report:?}");
            assert!((w * 3.0_f64.exp() - 1.0).abs() < 2.0 * tolerance, "{w} {report:?}");
            // Equal steps would be h = 2 tolerance / 3.
            let equal = 4.5 / tolerance;
            assert!((0.5 * equal..4.0 * equal).contains(&(report.steps as f64)), "{tolerance}: {report:?}");
        }
    }
}

#[test]
fn a_solution_that_blows_up_is_stuck_and_no_endless_loop() {
    // w_t = w^2 from 1 ends at t = 1.
    let (_, control, outcome) = euler(|w| w * w, 2.0, 1e-2, 2.0);
    assert_eq!(outcome, Outcome::Stuck);
    assert!(control.time() > 0.9 && control.time() < 1.1, "{}", control.time());
}

#[test]
fn each_rung_is_made_once_and_keeps_its_error() {
    let ladder = Ladder::new(3.0);
    let mut made = Vec::new();
    for level in [0, 2, 0, 2, 1] {
        let mut make = |step: f64| {
            made.push(step);
            if step == 1.5 { Err(sobolev_tensor::Error::value("step", "another", step)) } else { Ok(step) }
        };
        let found = ladder.rung(level, &mut make).copied();
        assert_eq!(found.is_ok(), level != 1);
    }
    assert_eq!(made, [3.0, 0.75, 1.5]);
    assert!(ladder.rung(1, |_| Ok(1.0)).is_err());
}
