"""`sobolev.multigrid`: against SciPy's direct solver, exact solutions and the errors that users meet."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg
import sobolev
from sobolev.multigrid import Elliptic, Multigrid

FIVE = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])


def as_matrix(entries: np.ndarray) -> sparse.csc_matrix:
    """The matrix of a stencil at every point of two axes, zero beyond them."""
    n, m = entries.shape[:2]
    rows, columns, values = [], [], []
    for i in range(n):
        for j in range(m):
            for di in (-1, 0, 1):
                for dj in (-1, 0, 1):
                    if 0 <= i + di < n and 0 <= j + dj < m:
                        rows.append(i * m + j)
                        columns.append((i + di) * m + j + dj)
                        values.append(entries[i, j, di + 1, dj + 1])
    return sparse.csc_matrix((values, (rows, columns)), shape=(n * m, n * m))


@pytest.mark.parametrize("complex_numbers", [False, True])
def test_any_stencil_agrees_with_a_direct_solver(complex_numbers):
    rng = np.random.default_rng(0)
    entries = -rng.uniform(0.5, 1.5, (33, 40, 3, 3))
    entries[:, :, 1, 1] = 0
    entries[:, :, 1, 1] = -entries.sum(axis=(2, 3)) + 0.1
    if complex_numbers:
        entries = entries * np.exp(0.3j)
    f = rng.normal(size=(33, 40)) * (1 if not complex_numbers else 1 + 1j)
    multigrid = Multigrid(entries)
    u, info = multigrid.solve(f, iteration="bicgstab", tolerance=1e-11)
    expected = linalg.spsolve(as_matrix(entries), f.ravel()).reshape(f.shape)
    assert np.abs(u - expected).max() < 1e-8 * np.abs(expected).max()
    assert info.iterations < 12 and info.relative_residual < 1e-11
    assert u.dtype == (np.complex128 if complex_numbers else np.float64)
    assert np.allclose(multigrid.apply(u), f, atol=1e-8)


def test_residuals_fall_by_the_convergence_factor():
    multigrid = Multigrid(FIVE, points=(127, 127), interpolation="linear")
    _, info = multigrid.solve(np.ones((127, 127)), iteration="cycles")
    assert info.residuals.shape == (info.iterations + 1,)
    assert info.convergence_factor < 0.15
    assert "31 x 31" in str(multigrid)
    assert multigrid.unknowns[:2] == [127 * 127, 63 * 63] and multigrid.operator_complexity < 2


def test_full_multigrid_is_as_accurate_as_the_discretisation():
    problem = Elliptic((64, 64), centring="vertex")
    x = problem.coordinates(0)
    exact = np.sin(np.pi * x)[:, None] * np.sin(2 * np.pi * x)
    f = problem.right_hand_side(5 * np.pi**2 * exact)
    converged, _ = problem.multigrid.solve(f, tolerance=1e-11)
    fast = problem.multigrid.full_multigrid(f)
    assert np.abs(fast - converged).max() < 0.5 * np.abs(converged - exact).max()
    assert problem.multigrid.full_multigrid_work < 10


def test_conditions_of_every_kind():
    # u = 2 + y - y^2 / 2 along the second axis, periodic along the first.
    for centring in ("cell", "vertex"):
        for above in ["neumann", ("dirichlet", 2.5), ("robin", 2.0, 5.0)]:
            problem = Elliptic((16, 32), ["periodic", (("dirichlet", 2.0), above)], extent=(3, 1), centring=centring)
            u, _ = problem.solve(1.0, tolerance=1e-12)
            y = problem.coordinates(1)
            assert u.shape == problem.points and np.allclose(u, 2 + y - y**2 / 2, atol=2e-4)


def test_helmholtz_with_radiation_is_complex():
    k = 12.0
    problem = Elliptic(
        128, [(("dirichlet", 1.0), ("robin", -1j * k, 0.0))], reaction=-(k**2), centring="vertex", smoother="jacobi", weight=0.6
    )
    u, _ = problem.solve(0.0, iteration="bicgstab", tolerance=1e-10)
    # A wave that leaves to the right; the grid's own wave number differs by k^3 h^2 / 24.
    assert np.abs(u - np.exp(1j * k * problem.coordinates(0))).max() < 0.02


def test_one_cycle_preconditions_conjugate_gradients_of_scipy():
    multigrid = Multigrid(FIVE, points=(63, 63))
    n = 63 * 63
    as_operator = lambda apply: linalg.LinearOperator((n, n), lambda v: apply(v.reshape(63, 63)).ravel())  # noqa: E731
    steps = []
    _, failed = linalg.cg(
        as_operator(multigrid.apply),
        np.ones(n),
        rtol=1e-8,
        M=as_operator(multigrid.precondition),
        callback=lambda _: steps.append(1),
    )
    assert failed == 0 and len(steps) <= 10


def test_two_threads_share_one_object():
    # The interpreter changes threads while one of them solves: the other then waits, or asks for what does not change.
    multigrid = Multigrid(FIVE, points=(127, 127))
    f = np.ones((127, 127))
    expected, _ = multigrid.solve(f)

    def use(number: int) -> bool:
        same = True
        for _ in range(5):
            if number % 2:
                same &= np.array_equal(multigrid.solve(f)[0], expected)
            else:
                same &= np.allclose(multigrid.apply(expected), f, atol=1e-5)
            same &= multigrid.unknowns[0] == 127 * 127 and "127 x 127" in str(multigrid)
        return bool(same)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(4)))


def test_errors_name_the_argument():
    with pytest.raises(sobolev.ArgumentError, match="the problem is singular"):
        Elliptic((16, 16), "neumann").solve(1.0)
    with pytest.raises(sobolev.ArgumentError, match="did you mean"):
        Multigrid(FIVE, points=(8, 8), smoother="gaus-seidel")
    with pytest.raises(sobolev.ShapeError, match="stencil"):
        Multigrid(np.ones((3, 3, 3)))
    with pytest.raises(sobolev.ShapeError, match="f: expected"):
        Multigrid(FIVE, points=(8, 8)).solve(np.ones((8, 9)))
    with pytest.raises(sobolev.ArgumentError, match="both sides"):
        Elliptic((16, 16), [("periodic", "dirichlet"), "dirichlet"])
    with pytest.raises(sobolev.ArgumentError, match="positive"):
        Elliptic((16, 16), diffusion=-1.0)
    with pytest.raises(sobolev.ShapeError, match="diffusion"):
        Elliptic((16, 16), diffusion=np.ones((4, 4)))
    with pytest.raises(sobolev.ArgumentError, match="options"):
        Elliptic((16, 16), cicle="W")
    with pytest.raises(sobolev.ArgumentError, match="real numbers"):
        Multigrid(FIVE, points=(8, 8)).solve(np.ones((8, 8)) * 1j)
    with pytest.raises(sobolev.ConvergenceError):
        Multigrid(FIVE, points=(63, 63)).solve(np.ones((63, 63)), iterations=1)
