"""Numerical solvers, one function an equation.

A solver takes one sample with its spatial axes alone, or a batch of them with a leading batch axis; a channel axis comes
last, and only where a system has several components. Solvers of evolution equations return ``[batch,] time, space``. All
numbers are float64; other types are converted, arrays of any strides are taken as they are. Samples of a batch are
solved in parallel, and the bits of a result depend neither on the number of threads nor on the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sobolev import _core
from sobolev._arrays import as_batch, as_times, real_array, shape_error
from sobolev._progress import progress_bar
from sobolev._scalars import each, integer, number, optional_number, word
from sobolev.multigrid import condition_pairs

from sobolev._walls import cavity as cavity
from sobolev._walls import eikonal as eikonal
from sobolev._walls import heat as heat
from sobolev._walls import helmholtz as helmholtz
from sobolev._walls import poisson as poisson
from sobolev._walls import wave as wave

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["burgers", "cavity", "darcy", "eikonal", "evolve", "heat", "helmholtz", "poisson", "wave"]


def darcy(
    a: ArrayLike,
    f: ArrayLike = 1.0,
    *,
    dimension: int = 2,
    extent: float | Sequence[float] = 1.0,
    sides: Any = "dirichlet",
    tolerance: float = 1e-8,
    iterations: int = 200,
    progress: bool = False,
) -> NDArray[np.float64]:
    r"""Solve Darcy flow, ``-div(a grad u) = f`` in a box, with a value of u or a flux on each side.

    Finite volumes with harmonic face means, second order where `a` is smooth; conjugate gradients with a multigrid
    cycle. Values stand at the cell centres ``(i + 1/2) L / n``.

    Parameters
    ----------
    a
        Permeability, positive: ``[x1, x2]`` or ``[batch, x1, x2]``; one axis more with ``dimension=3``. Its jumps may be
        large. In m^2/(Pa s) if lengths are in m and `f` in 1/s; then `u` is in Pa. Or all without units.
    f
        Source: a number, a field of the shape of one sample, or one field for each sample.
    dimension
        2 or 3.
    extent
        Side lengths of the box; a number for all.
    sides
        What the sides hold, as for :class:`sobolev.multigrid.Elliptic`: ``"dirichlet"`` or ``("dirichlet", u)``,
        ``"neumann"`` (no flux) or ``("neumann", g)`` with ``a du/dn = g`` outwards, one number along a side. ``u = 0``
        everywhere by default.
    tolerance
        Relative residual ``|f - A u| / |f|`` to reach, 1e-14 to 0.1.
    iterations
        After so many the solver gives up.
    progress
        Show a progress bar over the samples, if tqdm is installed.

    Returns
    -------
    numpy.ndarray
        `u`, float64, of the shape of `a`.

    Raises
    ------
    ShapeError
        If `a` or `f` has the wrong shape.
    ArgumentError
        If `a` is not positive and finite, `f` is not finite, a side is periodic, source and fluxes do not balance where
        no side holds a value, or an option is out of range.
    ConvergenceError
        If the tolerance is not reached.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> a = np.where(sobolev.random_field((64, 64), preset="darcy") >= 0, 12.0, 3.0)
    >>> u = sobolev.solvers.darcy(a)
    >>> u.shape, bool(u.min() > 0)
    ((64, 64), True)

    From left to right, between insulated sides:

    >>> u = sobolev.solvers.darcy(np.ones((32, 16)), 0.0, extent=(2.0, 1.0), sides=[(("dirichlet", 1.0), "dirichlet"), "neumann"])
    >>> bool(np.allclose(u, 1 - (np.arange(32)[:, None] + 0.5) / 32, atol=1e-6))
    True
    """
    dimension = integer("dimension", dimension, least=2, most=3, expected="2 or 3")
    coefficient, single = as_batch("a", real_array("a", a, np.float64), dimension)
    source = real_array("f", f, np.float64)
    field = None
    if source.ndim > 0:
        field, one_source = as_batch("f", source, dimension)
        if field.shape[1:] != coefficient.shape[1:] or (not one_source and len(field) not in (1, len(coefficient))):
            grid = ", ".join(str(n) for n in coefficient.shape[1:-1])
            raise shape_error("f", f"a number, [{grid}] or [{len(coefficient)}, {grid}] as a", source.shape)
    with progress_bar(progress, "darcy", "samples") as bar:
        u = _core.darcy(
            coefficient,
            float(source) if field is None else 1.0,
            field,
            condition_pairs(sides, dimension),
            extent=each("extent", extent, number, dimension),
            tolerance=number("tolerance", tolerance),
            iterations=integer("iterations", iterations, least=1),
            progress=bar.callback,
        )
    return u[0, ..., 0] if single else u[..., 0]


def burgers(
    u0: ArrayLike,
    viscosity: float,
    times: ArrayLike,
    *,
    length: float = 1.0,
    tolerance: float | None = None,
    step: float | None = None,
    progress: bool = False,
) -> NDArray[np.float64]:
    r"""Solve the viscous Burgers equation, ``u_t + (u^2/2)_x = nu u_xx``, periodic in ``[0, L)``.

    Fourier pseudo-spectral by the 2/3 rule, ETDRK4 in time with error control: spectral in space, order 4 in time. Waves
    steepen to fronts of width ``4 nu / jump``, then decay.

    Parameters
    ----------
    u0
        Initial state at the points ``i L / n``: ``[x]`` or ``[batch, x]``, at least 8 points. Its waves from ``n / 3`` on
        are left out. In m/s if `length` is in m and `viscosity` in m^2/s; or all without units.
    viscosity
        nu, positive.
    times
        Times of the answer, strictly increasing from 0 on; a number means one time.
    length
        L, positive.
    tolerance
        Estimated relative error while the fastest point crosses the domain once, 1e-13 to 0.1; 1e-8 by default.
    step
        Fixed time step instead of error control.
    progress
        Show a progress bar over the times, if tqdm is installed.

    Returns
    -------
    numpy.ndarray
        `u`, float64, ``[time, x]`` or ``[batch, time, x]``.

    Raises
    ------
    ShapeError
        If `u0` or `times` has the wrong shape.
    ArgumentError
        If a value is not finite or an option is out of range, or the grid is too coarse for a front.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> x = np.arange(256) / 256
    >>> u = sobolev.solvers.burgers(np.sin(2 * np.pi * x), viscosity=0.01, times=[0.25, 0.5])
    >>> u.shape, round(float(u[1, 64]), 6)
    ((2, 256), 0.371607)
    """
    state, single = as_batch("u0", real_array("u0", u0, np.float64), 1)
    instants = as_times(times)
    with progress_bar(progress, "burgers", "times") as bar:
        u = _core.burgers(
            state,
            number("viscosity", viscosity),
            instants,
            length=number("length", length),
            tolerance=optional_number("tolerance", tolerance),
            step=optional_number("step", step),
            progress=bar.callback,
        )
    return u[0, ..., 0] if single else u[..., 0]


def evolve(
    equation: str,
    u0: ArrayLike,
    times: ArrayLike,
    *,
    progress: bool = False,
    **settings: Any,
) -> NDArray[np.float64]:
    r"""Solve an equation with time steps, one of the list :func:`sobolev.equations`, from a state of your own.

    Semi-linear equations on periodic boxes: Fourier pseudo-spectral without aliasing, exponential Runge-Kutta steps of order 1
    to 4, equal ones or by a tolerance, values at the points ``i L / n``. Waves of `u0` onto which products would alias (from a
    third of the points a side on, a quarter for cubic terms) are left out, so that later frames lack them;
    ``dealiasing=False`` keeps them. Flows, waves and reactions between walls: finite volumes, values at the cell
    centres; ``sobolev equations NAME`` on the command line describes each.

    Parameters
    ----------
    equation
        Name of an equation with time steps, such as ``"kuramoto-sivashinsky"``, ``"gray-scott"`` or ``"navier-stokes"``.
    u0
        Initial state: ``[x1, .., xd]`` for one sample, with a leading batch axis for several; a channel axis comes last where
        the equation has several components, as real and imaginary part of a complex field.
    times
        Times of the answer, strictly increasing from 0 on; a number means one time.
    progress
        Show a progress bar over the times, if tqdm is installed.
    **settings
        Settings of the equation: its parameters, ``length`` of the box, ``step`` or, for semi-linear equations, ``tolerance``
        (estimated relative error at the last time, 1e-13 to 0.1), ``order``, ``precision`` (``"f64"`` or ``"f32"``),
        ``dimension`` where it is another than usual. ``sobolev.equations().settings(equation)`` lists them with
        their defaults; those of the initial state and the sizes of a data set have no effect.

    Returns
    -------
    numpy.ndarray
        `u`, float64, ``[batch,] time, x1, .., xd[, channel]``.

    Raises
    ------
    ShapeError
        If `u0` or `times` has the wrong shape.
    ArgumentError
        If there is no such equation, a setting is unknown or out of range, or a value is not finite.
    DivergenceError
        If the solution does not stay finite, or no step is short enough for the tolerance.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> x = np.arange(128) / 128 * 32 * np.pi
    >>> u0 = np.cos(x / 16) * (1 + np.sin(x / 16))
    >>> u = sobolev.solvers.evolve("kuramoto-sivashinsky", u0, [5.0, 10.0], length=32 * np.pi)
    >>> u.shape, round(float(u[1, 0]), 2)
    ((2, 128), 0.59)
    >>> u = sobolev.solvers.evolve("kuramoto-sivashinsky", u0, 10.0, length=32 * np.pi, tolerance=1e-5)
    >>> round(float(u[0, 0]), 2)
    0.59
    """
    state = real_array("u0", u0, np.float64)
    instants = as_times(times)
    with progress_bar(progress, equation, "times") as bar:
        return _core.evolve(word("equation", equation), state, instants, settings, progress=bar.callback)

