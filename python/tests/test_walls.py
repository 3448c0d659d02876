"""Poisson, waves and arrival times from arrays of the user's: exact solutions and the errors that users meet."""

import numpy as np
import pytest
import sobolev
from sobolev.solvers import eikonal, evolve, poisson, wave


def centres(n):
    return (np.arange(n) + 0.5) / n


def test_poisson_with_values_and_fluxes():
    x = centres(128)
    # u = 1 + 2 x - x^2 / 2 along the first axis, periodic along the second.
    sides = [(("dirichlet", 1.0), ("neumann", 1.0)), "periodic"]
    u = poisson(np.ones((3, 128, 8)), sides=sides)
    assert u.shape == (3, 128, 8)
    assert np.abs(u - (1 + 2 * x - x**2 / 2)[:, None]).max() < 1e-4
    with pytest.raises(sobolev.ArgumentError, match="mean"):
        poisson(np.ones((16, 16)), sides="neumann")
    assert np.abs(poisson(np.ones((16, 16)), sides="neumann", project=True)).max() < 1e-12


def test_spectral_poisson_is_exact_for_waves():
    mode = np.sin(np.pi * centres(20))[:, None] * np.sin(2 * np.pi * centres(24))
    u = poisson(5 * np.pi**2 * mode, spectral=True)
    assert np.abs(u - mode).max() < 1e-13


def test_standing_and_leaving_waves():
    x = centres(400)
    u0 = np.stack([np.sin(np.pi * x), np.zeros(400)], axis=-1)
    u = wave(u0, [0.5, 2.0])
    assert np.abs(u[0, :, 0]).max() < 1e-3 and np.abs(u[1] - u0).max() < 2e-2
    # Twice the speed in the right half: the front has gone twice as far there.
    speed = np.where(x < 0.5, 1.0, 2.0)
    bump = np.stack([np.exp(-(((x - 0.5) / 0.02) ** 2)), np.zeros(400)], axis=-1)
    u = wave(bump[None], [0.2], speed, sides="absorbing")
    left, right = u[0, 0, :200, 0], u[0, 0, 200:, 0]
    assert abs(x[left.argmax()] - 0.3) < 0.01 and abs(x[200 + right.argmax()] - 0.9) < 0.01
    with pytest.raises(sobolev.ArgumentError, match="step"):
        wave(u0, 1.0, step=0.1)


def test_arrival_times():
    x = centres(50)
    exact = np.hypot(x[:, None] - 0.2, x - 0.7) / 3
    assert np.abs(eikonal(np.full((50, 50), 3.0), [0.2, 0.7]) - exact).max() < 1e-12
    several = eikonal(np.full((2, 50, 50), 3.0), [[0.2, 0.7], [0.9, 0.1]], dimension=2)
    assert several.shape == (2, 50, 50) and (several[0] <= exact + 1e-12).all()
    # A front that starts on the whole lower side.
    start = np.full((50, 50), np.inf)
    start[0] = 0.0
    assert np.abs(eikonal(np.ones((50, 50)), start) - (x - x[0])[:, None]).max() < 1e-12
    with pytest.raises(sobolev.ShapeError, match="sources"):
        eikonal(np.ones((8, 8)), [0.1, 0.2, 0.3])
    with pytest.raises(sobolev.ArgumentError, match="speed|positive"):
        eikonal(np.zeros((8, 8)), [0.5, 0.5])


def test_flow_between_walls_from_a_state_of_ones_own():
    u = evolve("incompressible-flow", np.zeros((24, 24, 2)), [1.0, 2.0], viscosity=0.05)
    assert u.shape == (2, 24, 24, 2) and np.isfinite(u).all()
    assert u[1, :, -1, 0].mean() > 0.3


def test_a_batch_is_told_from_a_plane_or_refused():
    rng = np.random.default_rng(0)
    u0 = rng.normal(size=(3, 24, 2))
    with pytest.raises(sobolev.ArgumentError, match="dimension"):
        wave(u0, 0.1)
    batch = wave(u0, 0.1, dimension=1)
    assert batch.shape == (3, 1, 24, 2)
    for one, alone in zip(batch, u0, strict=True):
        assert np.array_equal(one, wave(alone, 0.1))
    assert wave(np.zeros((8, 24, 2)), 0.1, dimension=2).shape == (1, 8, 24, 2)
    with pytest.raises(sobolev.ShapeError, match="speed"):
        wave(u0, 0.1, np.ones(24), dimension=2)


def test_arrays_that_do_not_fit_are_named():
    k = np.full((33, 33), 2.0)
    with pytest.raises(sobolev.ShapeError, match="f: expected"):
        sobolev.solvers.cavity(k, np.ones(5), spacing=1 / 32)
    with pytest.raises(sobolev.ArgumentError, match="flux: expected a pair"):
        sobolev.solvers.cavity(k, spacing=1 / 32, flux=((0, 0), (0, 0), (0, 0)))
    with pytest.raises(sobolev.ShapeError, match="flux: expected"):
        sobolev.solvers.cavity(k, spacing=1 / 32, flux=((0, np.ones(7)), (0, 0)))
    with pytest.raises(sobolev.ArgumentError, match="f: expected an array of numbers"):
        sobolev.solvers.helmholtz(k, "loud", 1 / 32)
    with pytest.raises(sobolev.ShapeError, match="source: expected"):
        sobolev.solvers.heat(np.zeros((8, 8)), np.ones((8, 8)), 1.0, source=np.ones(5))
