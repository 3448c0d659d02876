"""Heat in a medium and waves of one frequency: exact solutions, units of the answer, and errors that users meet."""

import numpy as np
import pytest
import sobolev
from scipy.special import hankel1
from sobolev.solvers import cavity, heat, helmholtz


def test_heat_decays_as_the_exact_solution_and_batches_are_independent():
    x = (np.arange(64) + 0.5) / 64
    mode = np.sin(np.pi * x)[:, None] * np.ones(8)
    times = [0.05, 0.1]
    u = heat(np.stack([mode, 2 * mode]), np.full((64, 8), 0.5), times, sides=["dirichlet", "periodic"], step=1e-3)
    assert u.shape == (2, 2, 64, 8)
    for index, time in enumerate(times):
        assert np.abs(u[1, index] - 2 * np.exp(-0.5 * np.pi**2 * time) * mode).max() < 1e-3
    chosen = heat(mode, np.full((64, 8), 0.5), times, sides=["dirichlet", "periodic"], tolerance=1e-5)
    assert np.abs(chosen - u[0]).max() < 1e-3
    with pytest.raises(ValueError, match="tolerance"):
        heat(mode, np.full((64, 8), 0.5), times, tolerance=2.0)
    single = heat(mode, np.full((64, 8), 0.5), 0.05, sides=["dirichlet", "periodic"], step=1e-3)
    assert np.array_equal(single[0], u[0, 0])


def test_heat_with_a_source_tends_to_the_steady_solution():
    x = (np.arange(100) + 0.5) / 100
    u = heat(np.zeros(100), np.ones(100), [50.0], source=1.0, sides=[(("dirichlet", 0.0), ("robin", 1.0, 2.0))], step=0.5)
    # -u'' = 1, u(0) = 0, u(1) + u'(1) = 2: u = b x - x^2 / 2 with b - 1/2 + b - 1 = 2.
    assert np.abs(u[0] - (1.75 * x - x**2 / 2)).max() < 1e-4


def test_point_source_in_free_space():
    n, k = 121, 40.0
    f = np.zeros((n, n))
    f[60, 60] = 120.0**2
    u = helmholtz(np.full((n, n), k), f, 1 / 120, layer=16)
    r = np.hypot(20, 15) / 120
    exact = 0.25j * hankel1(0, k * r)
    assert abs(u[80, 75] - exact) < 0.1 * abs(exact)
    iterated = helmholtz(np.full((n, n), k), f, 1 / 120, layer=16, tolerance=1e-9)
    assert np.abs(iterated - u).max() < 1e-6 * np.abs(u).max()


def test_plane_wave_in_a_cavity():
    k, n = 15.0, 97
    u = cavity(np.full((n, 9), k), spacing=1 / 96, flux=((0, -k * np.sin(k)), (0, 0)))
    assert np.abs(u - np.cos(k * np.linspace(0, 1, n))[:, None]).max() < 4e-5


def test_errors_name_the_argument():
    with pytest.raises(sobolev.ArgumentError, match="positive"):
        heat(np.zeros((8, 8)), np.zeros((8, 8)), 1.0)
    with pytest.raises(sobolev.ShapeError, match="as the conductivity"):
        heat(np.zeros((8, 9)), np.ones((8, 8)), 1.0)
    with pytest.raises(sobolev.ArgumentError, match="times"):
        heat(np.zeros((8, 8)), np.ones((8, 8)), [1.0, 0.5])
    with pytest.raises(sobolev.ArgumentError, match="6 points a wave length"):
        helmholtz(np.full((21, 21), 100.0), np.zeros((21, 21)), 1 / 20)
    with pytest.raises(sobolev.ArgumentError, match="did you mean"):
        helmholtz(np.full((21, 21), 5.0), np.zeros((21, 21)), 1 / 20, sides="absorbin")
    with pytest.raises(sobolev.ArgumentError, match="layer"):
        helmholtz(np.full((21, 21), 5.0), np.zeros((21, 21)), 1 / 20, layer=20)
