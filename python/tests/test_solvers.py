"""Solvers and random fields: physics against independent solutions, and the convention of array shapes."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.integrate
import scipy.sparse
import scipy.sparse.linalg

import sobolev


def darcy_matrix(a: np.ndarray) -> scipy.sparse.csr_matrix:
    """Finite volumes on the unit square, written out cell by cell: harmonic means on faces, `2 a` on the boundary."""
    n, m = a.shape
    number = np.arange(n * m).reshape(n, m)
    rows, columns, entries = [], [], []
    for (i, j), here in np.ndenumerate(number):
        diagonal = 0.0
        for (k, l), h in (((i - 1, j), 1 / n), ((i + 1, j), 1 / n), ((i, j - 1), 1 / m), ((i, j + 1), 1 / m)):
            if 0 <= k < n and 0 <= l < m:
                weight = 2 * a[i, j] * a[k, l] / (a[i, j] + a[k, l]) / h**2
                rows.append(here)
                columns.append(number[k, l])
                entries.append(-weight)
            else:
                weight = 2 * a[i, j] / h**2
            diagonal += weight
        rows.append(here)
        columns.append(here)
        entries.append(diagonal)
    return scipy.sparse.csr_matrix((entries, (rows, columns)))


def test_darcy_agrees_with_a_sparse_direct_solve() -> None:
    a = np.where(sobolev.random_field((21, 16), preset="darcy", seed=1) >= 0, 12.0, 3.0)
    f = sobolev.random_field((21, 16), preset="darcy", seed=2)
    u = sobolev.solvers.darcy(a, f, tolerance=1e-12)
    exact = scipy.sparse.linalg.spsolve(darcy_matrix(a), f.ravel()).reshape(a.shape)
    # The condition number, about 4 n^2 * 12/3, times the tolerance, and the rounding of both solvers.
    assert np.abs(u - exact).max() < 1e-8 * np.abs(exact).max()


def test_darcy_in_three_dimensions_takes_a_field_as_source() -> None:
    n = 16
    x = (np.arange(n) + 0.5) / n
    sine = np.sin(np.pi * x)
    mode = sine[:, None, None] * sine[:, None] * sine
    # The discrete eigenvalue of the mode is 3 (2 - 2 cos(pi / n)) n^2, up to the boundary cells' first order.
    u = sobolev.solvers.darcy(np.ones((n, n, n)), 3 * np.pi**2 * mode, dimension=3)
    assert np.abs(u - mode).max() < 0.02


def test_solutions_of_a_batch_are_those_of_its_samples() -> None:
    a = np.exp(sobolev.random_field((24, 24), preset="darcy", samples=3))
    f = np.stack([np.ones((24, 24)), np.zeros((24, 24)), a[0]])
    u = sobolev.solvers.darcy(a, f)
    assert u.shape == (3, 24, 24) and u.dtype == np.float64
    for sample in range(3):
        # A single sample uses all threads, one of a batch one of them; the bits agree.
        assert np.array_equal(u[sample], sobolev.solvers.darcy(a[sample], f[sample]))
    assert np.array_equal(sobolev.solvers.darcy(a[:1], f[0]), u[:1])

    u0 = sobolev.random_field(64, preset="burgers", samples=2)
    trajectory = sobolev.solvers.burgers(u0, 0.05, [0.0, 0.1, 0.2])
    assert trajectory.shape == (2, 3, 64)
    assert np.array_equal(trajectory[1], sobolev.solvers.burgers(u0[1], 0.05, [0.0, 0.1, 0.2]))
    assert sobolev.solvers.burgers(u0[0], 0.05, 0.2).shape == (1, 64)
    assert np.allclose(trajectory[:, 0], u0, atol=1e-14)


def test_burgers_agrees_with_cole_and_hopf() -> None:
    nu, t, n = 0.02, 0.4, 128
    x = np.arange(n) / n

    def potential(y: np.ndarray) -> np.ndarray:
        # exp(-integral of u0 / (2 nu)) for u0 = sin(2 pi y), scaled to at most 1.
        return np.exp((np.cos(2 * np.pi * y) - 1) / (4 * np.pi * nu))

    y = np.linspace(-3, 3, 40001)
    kernel = np.exp(-(y**2) / (4 * nu * t))
    shifted = potential(x[:, None] - y)
    exact = scipy.integrate.trapezoid(y / t * shifted * kernel, y) / scipy.integrate.trapezoid(shifted * kernel, y)
    u = sobolev.solvers.burgers(np.sin(2 * np.pi * x), nu, [t], tolerance=1e-10)[0]
    assert np.abs(u - exact).max() < 1e-8


def test_weak_waves_of_burgers_decay_as_heat() -> None:
    x = np.arange(64) / 64 * 3.0
    nu, times = 0.05, np.array([0.5, 1.5])
    u = sobolev.solvers.burgers(1e-6 * np.cos(2 * np.pi * x / 3), nu, times, length=3.0)
    decay = np.exp(-nu * (2 * np.pi / 3) ** 2 * times)
    # The nonlinear term is of relative size amplitude * k * t.
    assert np.abs(u / 1e-6 - decay[:, None] * np.cos(2 * np.pi * x / 3)).max() < 1e-5


def test_other_number_types_and_strides_are_taken() -> None:
    a = np.exp(sobolev.random_field((20, 20), preset="darcy"))
    u = sobolev.solvers.darcy(a)
    padded = np.zeros((40, 41))
    padded[::2, 1::2] = a[::-1]
    assert np.array_equal(sobolev.solvers.darcy(padded[::2, 1::2][::-1]), u)
    assert np.array_equal(sobolev.solvers.darcy(np.asfortranarray(a)), u)
    assert np.array_equal(sobolev.solvers.darcy(a.astype(">f8")), u)
    assert np.array_equal(sobolev.solvers.darcy(a.tolist()), u)
    assert np.allclose(sobolev.solvers.darcy(a.astype(np.float32)), u, rtol=1e-5)
    assert sobolev.solvers.darcy(np.full((8, 8), 2)).dtype == np.float64
    packed = np.zeros(20, dtype=[("skip", "i1"), ("row", "f8", 20)])
    packed["row"] = a
    assert not packed["row"].flags.aligned
    assert np.array_equal(sobolev.solvers.darcy(packed["row"]), u)


def test_a_random_field_is_the_same_function_on_every_grid() -> None:
    options = {"sigma": 25.0, "tau": 5.0, "alpha": 2.0, "modes": 12, "seed": 4}
    fine = sobolev.random_field(128, **options, samples=3)
    assert fine.shape == (3, 128)
    assert np.allclose(sobolev.random_field(32, **options, index=2), fine[2, ::4], atol=1e-12)
    assert not np.allclose(fine[0], fine[1])


def test_dirichlet_fields_vanish_at_vertices_of_the_boundary() -> None:
    u = sobolev.random_field((9, 17), sigma=1.0, tau=1.0, alpha=2.0, boundary="dirichlet", points="vertices")
    edges = [u[0], u[-1], u[:, 0], u[:, -1]]
    assert max(np.abs(edge).max() for edge in edges) < 1e-14 < np.abs(u).max()


A = np.ones((16, 16))
X = np.sin(2 * np.pi * np.arange(16) / 16)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: sobolev.solvers.darcy(A[0]), sobolev.ShapeError, "a: expected [x1, x2] or [batch, x1, x2], got [16]"),
        (lambda: sobolev.solvers.darcy(A[None, ..., None]), sobolev.ShapeError, "leave its channel axis out"),
        (lambda: sobolev.solvers.darcy(A[None, None]), sobolev.ShapeError, "leave its channel axis out"),
        (lambda: sobolev.solvers.darcy(A[:0]), sobolev.ShapeError, "got [1, 0, 16, 1]"),
        (lambda: sobolev.solvers.darcy(-A), sobolev.ArgumentError, "positive values, got -1"),
        (lambda: sobolev.solvers.darcy(A * np.nan), sobolev.ArgumentError, "NaN"),
        (lambda: sobolev.solvers.darcy(A, np.inf), sobolev.ArgumentError, "inf"),
        (lambda: sobolev.solvers.darcy(A, A[:5]), sobolev.ShapeError, "f: expected a number, [16, 16]"),
        (lambda: sobolev.solvers.darcy(A * 1j), sobolev.ArgumentError, "a: expected an array of real numbers"),
        (lambda: sobolev.solvers.darcy([[1.0], [1.0, 2.0]]), sobolev.ArgumentError, "a: expected an array of real"),
        (lambda: sobolev.solvers.darcy("a field"), sobolev.ArgumentError, "a: expected an array of real numbers"),
        (lambda: sobolev.solvers.darcy(A, tolerance=0.0), sobolev.ArgumentError, "tolerance"),
        (lambda: sobolev.solvers.darcy(A, dimension=4), sobolev.ArgumentError, "dimension: expected 2 or 3, got 4"),
        (lambda: sobolev.solvers.darcy(A, extent=[1.0, -1.0]), sobolev.ArgumentError, "extent"),
        (lambda: sobolev.solvers.burgers(A[0], -0.1, 1.0), sobolev.ArgumentError, "viscosity: expected a positive"),
        (lambda: sobolev.solvers.burgers(A[0], 0.1, [1.0, 0.5]), sobolev.ArgumentError, "times"),
        (lambda: sobolev.solvers.burgers(A[0], 0.1, [[1.0]]), sobolev.ShapeError, "times: expected a number or [time]"),
        (lambda: sobolev.solvers.burgers(A[0, :4], 0.1, 1.0), sobolev.ShapeError, "8 or more points"),
        (lambda: sobolev.solvers.burgers(A[0], 0.1, 1.0, step=-1.0), sobolev.ArgumentError, "step"),
        (lambda: sobolev.random_field(16), sobolev.ArgumentError, "a preset, or sigma, tau and alpha"),
        (lambda: sobolev.random_field(16, preset="darci"), sobolev.ArgumentError, "field: expected one of"),
        (lambda: sobolev.random_field(16, preset="burgers", tau=1.0), sobolev.ArgumentError, "preset"),
        (lambda: sobolev.random_field(16, preset="darcy"), sobolev.ShapeError, "grid"),
        (lambda: sobolev.random_field(16, sigma=1.0, tau=1.0, alpha=0.2), sobolev.ArgumentError, "exponent"),
        (
            lambda: sobolev.random_field(16, sigma=1, tau=1, alpha=2, boundary="torus"),  # type: ignore[arg-type]
            sobolev.ArgumentError,
            'boundary: expected one of "periodic"',
        ),
        (lambda: sobolev.random_field(16, preset="burgers", samples=0), sobolev.ArgumentError, "samples"),
    ],
)
def test_bad_input_is_named(call, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
    assert isinstance(caught.value, sobolev.SobolevError) and isinstance(caught.value, ValueError)


def test_an_iteration_that_does_not_converge_says_how_far_it_came() -> None:
    a = np.exp(3 * sobolev.random_field((64, 64), preset="darcy"))
    with pytest.raises(sobolev.ConvergenceError) as caught:
        sobolev.solvers.darcy(a, tolerance=1e-12, iterations=2)
    error = caught.value
    assert isinstance(error, RuntimeError)
    assert error.iterations == 2 and error.tolerance == 1e-12
    assert error.residual is not None and 1e-12 < error.residual < 1


def test_a_wrong_shape_has_its_numbers_as_attributes() -> None:
    with pytest.raises(sobolev.ShapeError) as caught:
        sobolev.solvers.burgers(np.ones(4), 0.1, 1.0)
    assert caught.value.got == (1, 4, 1) and caught.value.argument == "Burgers state"


def test_equations_of_the_list_evolve_states_of_ones_own() -> None:
    x = np.arange(64) / 64
    wave = np.sin(2 * np.pi * x)
    moved = sobolev.solvers.evolve("advection", wave, [0.25, 0.5], velocity=0.5)
    assert moved.shape == (2, 64)
    np.testing.assert_allclose(moved[1], np.sin(2 * np.pi * (x - 0.25)), atol=1e-13)
    batch = sobolev.solvers.evolve("advection", np.stack([wave, 2 * wave]), 0.25, velocity=0.5)
    assert batch.shape == (2, 1, 64)
    assert np.array_equal(batch[0, 0], moved[0])
    u0 = np.stack([np.ones((16, 16)), np.zeros((16, 16))], axis=-1)
    still = sobolev.solvers.evolve("gray-scott", u0, [5.0, 10.0])
    assert still.shape == (2, 16, 16, 2)
    np.testing.assert_allclose(still[1], u0, atol=1e-13)
    vortex = np.sin(2 * np.pi * x[:32, None]) * np.cos(2 * np.pi * x[None, :])
    assert sobolev.solvers.evolve("navier-stokes", vortex, [0.1], forcing="none", length=[0.5, 1.0]).shape == (1, 32, 64)
    chosen = sobolev.solvers.evolve("kuramoto-sivashinsky", wave, 1.0, length=32.0, tolerance=1e-8)
    single = sobolev.solvers.evolve("kuramoto-sivashinsky", wave, 1.0, length=32.0, precision="f32")
    double = sobolev.solvers.evolve("kuramoto-sivashinsky", wave, 1.0, length=32.0)
    assert 0 < np.abs(single - double).max() < 1e-4
    assert 0 < np.abs(chosen - double).max() < 1e-6


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: sobolev.solvers.evolve("advektion", X, 1.0), sobolev.ArgumentError, 'did you mean "advection"?'),
        (lambda: sobolev.solvers.evolve("darcy", A, 1.0), sobolev.ArgumentError, "equation: expected one with time steps"),
        (lambda: sobolev.solvers.evolve("advection", X, 1.0, speed=2.0), sobolev.ArgumentError, "expected one of velocity"),
        (lambda: sobolev.solvers.evolve("diffusion", X, 1.0, diffusivity=-1.0), sobolev.ArgumentError, "diffusivity"),
        (lambda: sobolev.solvers.evolve("diffusion", X, 1.0, tolerance=1.0), sobolev.ArgumentError, "tolerance: expected 1e-13"),
        (lambda: sobolev.solvers.evolve("diffusion", X, 1.0, tolerance=1e-6, step=0.1), sobolev.ArgumentError, "tolerance"),
        (lambda: sobolev.solvers.evolve("diffusion", np.ones((2, 3, 4)), 1.0), sobolev.ShapeError, "[x1] or [batch, x1]"),
        (lambda: sobolev.solvers.evolve("gray-scott", np.ones((8, 8)), 1.0), sobolev.ShapeError, "x2, 2]"),
        (lambda: sobolev.solvers.evolve("diffusion", X, [2.0, 1.0]), sobolev.ArgumentError, "times"),
        (lambda: sobolev.solvers.evolve("diffusion", X * np.nan, 1.0), sobolev.ArgumentError, "finite"),
        (
            lambda: sobolev.solvers.evolve("allen-cahn", 2 + X, 50.0, dimension=1, saturation=-1.0),
            sobolev.DivergenceError,
            "no longer finite at time",
        ),
    ],
)
def test_wrong_arguments_of_evolve_are_named(call: Callable[[], object], error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert words in str(caught.value)
