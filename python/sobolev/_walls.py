"""Solvers of boxes with sides: walls, fixed values, fluxes, and sides through which waves leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sobolev import _core
from sobolev._arrays import as_batch, as_times, broadcast, complex_array, real_array, shape_error, value_error
from sobolev._progress import progress_bar
from sobolev._scalars import each, integer, number, optional_number
from sobolev.multigrid import condition_pairs, side_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def heat(
    u0: ArrayLike,
    conductivity: ArrayLike,
    times: ArrayLike,
    *,
    sides: Any = "neumann",
    extent: float | Sequence[float] = 1.0,
    source: ArrayLike | None = None,
    step: float | None = None,
    tolerance: float | None = None,
    progress: bool = False,
) -> NDArray[np.float64]:
    r"""Solve the heat equation in a medium, ``u_t = div(a grad u) + f``, in a box of one to three dimensions.

    Finite volumes with harmonic face means and an implicit Runge-Kutta scheme, both of order 2; L-stable, so that steps of any
    length are stable. Values stand at the cell centres ``(i + 1/2) L / n``.

    Parameters
    ----------
    u0
        Initial state: of the shape of `conductivity`, or a batch of them.
    conductivity
        `a` in m^2/s, positive: ``[x1, .., xd]``.
    times
        Times of the answer, strictly increasing from 0 on; a number means one time.
    sides
        What holds on the sides, as for :class:`sobolev.multigrid.Elliptic`; no flux by default.
    extent
        Side lengths of the box; a number for all.
    source
        `f`, of the shape of `conductivity`, or a number.
    step
        Longest time step; by default each interval between two times is one step.
    tolerance
        Estimated relative error that a time step may make, 1e-8 to 0.1: intervals are halved until each step meets it. Equal
        steps by default.
    progress
        Show a progress bar over the times, if tqdm is installed.

    Returns
    -------
    numpy.ndarray
        `u`, float64, ``[batch,] time, x1, .., xd``.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> u0 = np.zeros((32, 32)); u0[:16] = 1.0
    >>> u = sobolev.solvers.heat(u0, np.full((32, 32), 0.1), [0.1, 100.0], step=0.01)
    >>> u.shape, round(float(u[1].max()), 6)
    ((2, 32, 32), 0.5)
    """
    medium = real_array("conductivity", conductivity, np.float64)
    state, single = as_batch("u0", real_array("u0", u0, np.float64), medium.ndim)
    drive = None if source is None else broadcast("source", source, medium.shape)
    with progress_bar(progress, "heat", "times") as bar:
        u = _core.heat(
            state,
            medium,
            as_times(times),
            condition_pairs(sides, medium.ndim),
            extent=each("extent", extent, number, medium.ndim),
            source=drive,
            step=optional_number("step", step),
            tolerance=optional_number("tolerance", tolerance),
            progress=bar.callback,
        )
    return u[0, ..., 0] if single else u[..., 0]


def helmholtz(
    k: ArrayLike,
    f: ArrayLike,
    spacing: float,
    *,
    sides: str | Sequence[str | tuple[str, str]] = "absorbing",
    layer: int = 12,
    tolerance: float | None = None,
) -> NDArray[np.complex128]:
    r"""Waves of one frequency that may leave, ``-Laplacian u - k(x)^2 u = f`` in a rectangle, ``u ~ exp(-i omega t)``.

    Finite volumes of order 2 at vertices; sparse elimination, or BiCGStab with multigrid for a shifted operator.

    Parameters
    ----------
    k
        Wave number ``omega / c``, real, at the vertices ``[x1, x2]``; at least six points a wave length.
    f
        Source of the same shape, real or complex; a point source is ``1 / spacing**2`` at its vertex.
    spacing
        Distance of the vertices.
    sides
        ``"absorbing"`` (a perfectly matched layer within the grid), ``"radiating"`` (lets waves out that meet it straight on),
        ``"wall"`` (``du/dn = 0``) or ``"fixed"`` (``u = 0``): one word, or a word or a pair (lower, upper) for each axis.
    layer
        Cells of an absorbing layer.
    tolerance
        Relative residual; iterates instead of eliminating.

    Returns
    -------
    numpy.ndarray
        `u`, complex128, ``[x1, x2]``.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> f = np.zeros((81, 81)); f[40, 40] = 80.0**2
    >>> u = sobolev.solvers.helmholtz(np.full((81, 81), 30.0), f, 1 / 80)
    >>> u.shape, bool(abs(u[60, 40]) < abs(u[50, 40]))
    ((81, 81), True)
    """
    wave_number = real_array("k", k, np.float64)
    source = complex_array("f", f)
    pairs = side_pairs(sides, 2)
    cells = integer("layer", layer)
    edges = [[(side, cells) for side in pair] for pair in pairs]
    return _core.helmholtz(
        wave_number, source, number("spacing", spacing), edges, tolerance=optional_number("tolerance", tolerance)
    )


def cavity(
    k: ArrayLike,
    f: ArrayLike = 0.0,
    *,
    spacing: float,
    flux: Sequence[tuple[ArrayLike, ArrayLike]] = ((0.0, 0.0), (0.0, 0.0)),
) -> NDArray[np.float64]:
    r"""Waves of one frequency between walls, ``-Laplacian u - k(x)^2 u = f`` with ``du/dn = g``, in a rectangle.

    A compact scheme of order 4 at vertices, sides included; sparse elimination.

    Parameters
    ----------
    k
        Wave number ``omega / c`` at the vertices ``[x1, x2]``; at least six points a wave length.
    f
        Source: a number or an array of the same shape.
    spacing
        Distance of the vertices.
    flux
        `g`, outwards, on the (lower, upper) side of each axis: numbers or arrays over the side.

    Returns
    -------
    numpy.ndarray
        `u`, float64, ``[x1, x2]``.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> k, n = 20.0, 65
    >>> u = sobolev.solvers.cavity(np.full((n, n), k), spacing=1 / 64, flux=((0, -k * np.sin(k)), (0, 0)))
    >>> bool(abs(u[32, 5] - np.cos(k / 2)) < 1e-3)
    True
    """
    wave_number = real_array("k", k, np.float64)
    if wave_number.ndim != 2:
        raise shape_error("k", "[x1, x2]", wave_number.shape)
    source = broadcast("f", f, wave_number.shape)
    along = (wave_number.shape[1], wave_number.shape[0])
    pairs = [list(pair) if isinstance(pair, (Sequence, np.ndarray)) else [] for pair in flux]
    if [len(pair) for pair in pairs] != [2, 2]:
        raise value_error("flux", "a pair (lower, upper) for each of 2 axes", flux)
    values = [[broadcast("flux", side, (along[axis],)) for side in pair] for axis, pair in enumerate(pairs)]
    return _core.cavity(wave_number, source, number("spacing", spacing), values)


def poisson(
    f: ArrayLike,
    *,
    dimension: int = 2,
    sides: Any = "dirichlet",
    extent: float | Sequence[float] = 1.0,
    spectral: bool = False,
    project: bool = False,
) -> NDArray[np.float64]:
    r"""Solve Poisson's equation, ``-Laplacian u = f``, in a box of one to three dimensions by sine, cosine and Fourier transforms.

    Values stand at the cell centres ``(i + 1/2) L / n``.

    Parameters
    ----------
    f
        Right-hand side ``[x1, .., xd]``, or a batch of them.
    dimension
        d, 1 to 3.
    sides
        ``"dirichlet"``, ``"neumann"`` or ``"periodic"``, with values as for :class:`sobolev.multigrid.Elliptic`.
    extent
        Side lengths; a number for all.
    spectral
        Derivatives of the waves themselves instead of second differences: for smooth `f` that fits conditions without values.
    project
        Where no side has a value, take off the mean for which there is no solution, instead of refusing it.

    Returns
    -------
    numpy.ndarray
        `u`, float64, of the shape of `f`; its mean is zero where no side has a value.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> u = sobolev.solvers.poisson(np.ones((65, 65)))
    >>> round(float(u[32, 32]), 3)
    0.074
    """
    dimension = integer("dimension", dimension, least=1, most=3, expected="1 to 3")
    source, single = as_batch("f", real_array("f", f, np.float64), dimension)
    u = _core.poisson(
        source,
        condition_pairs(sides, dimension),
        extent=each("extent", extent, number, dimension),
        spectral=bool(spectral),
        project=bool(project),
    )
    return u[0, ..., 0] if single else u[..., 0]


def wave(
    u0: ArrayLike,
    times: ArrayLike,
    speed: ArrayLike = 1.0,
    *,
    dimension: int | None = None,
    sides: str | Sequence[str | tuple[str, str]] = "dirichlet",
    extent: float | Sequence[float] = 1.0,
    step: float | None = None,
    courant: float = 0.9,
    progress: bool = False,
) -> NDArray[np.float64]:
    r"""Solve the wave equation, ``u_tt = div(c^2 grad u)``, in a box of one to three dimensions by the leapfrog scheme.

    Order 2; stable for ``c dt <= dx / sqrt(d)``. Values stand at the cell centres ``(i + 1/2) L / n``.

    Parameters
    ----------
    u0
        Displacement and velocity: ``[x1, .., xd, 2]``, or a batch of them.
    times
        Times of the answer, strictly increasing from 0 on; a number means one time.
    speed
        `c`: a number, or an array ``[x1, .., xd]``.
    dimension
        d, 1 to 3; by default the number of axes of `speed`, or of entries of `sides`, where they are not one for all. Without
        either, `u0` must be ``[x1, 2]`` or ``[batch, x1, x2, x3, 2]``: of others the first axis may count samples or be one of
        space.
    sides
        ``"dirichlet"`` (u = 0), ``"neumann"``, ``"periodic"`` or ``"absorbing"`` (waves leave): one word, or a word or a pair
        for each axis.
    extent
        Side lengths; a number for all.
    step
        Fixed time step; refused above the stability limit.
    courant
        Part of the stability limit that a step takes, where `step` is not given.
    progress
        Show a progress bar over the times, if tqdm is installed.

    Returns
    -------
    numpy.ndarray
        ``[batch,] time, x1, .., xd, 2``, float64.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> x = (np.arange(200) + 0.5) / 200
    >>> u0 = np.stack([np.exp(-((x - 0.5) / 0.05) ** 2), np.zeros(200)], axis=-1)
    >>> u = sobolev.solvers.wave(u0, [0.25, 1.0], sides="absorbing")
    >>> u.shape, bool(abs(u[0, 50, 0] - 0.5) < 0.01), bool(abs(u[1]).max() < 0.01)
    ((2, 200, 2), True, True)
    """
    state = real_array("u0", u0, np.float64)
    c = real_array("speed", speed, np.float64)
    if dimension is None:
        axes = _wave_axes(state, c, sides)
    else:
        axes = integer("dimension", dimension, least=1, most=3, expected="1 to 3")
    if c.ndim not in (0, axes):
        raise shape_error("speed", f"a number or an array of {axes} axes", c.shape)
    single = state.ndim == axes + 1
    if not single and state.ndim != axes + 2:
        raise shape_error("u0", "[x1, .., xd, 2] or [batch, x1, .., xd, 2]", state.shape)
    with progress_bar(progress, "wave", "times") as bar:
        u = _core.wave(
            state[np.newaxis] if single else state,
            1.0 if c.ndim else float(c),
            c if c.ndim else None,
            as_times(times),
            side_pairs(sides, axes),
            extent=each("extent", extent, number, axes),
            step=optional_number("step", step),
            courant=number("courant", courant),
            progress=bar.callback,
        )
    return u[0] if single else u


def _wave_axes(state: NDArray[Any], speed: NDArray[Any], sides: Any) -> int:
    """The number of axes that follows from the arguments of :func:`wave`."""
    if speed.ndim:
        return speed.ndim
    if not isinstance(sides, str):
        return len(sides)
    if state.ndim in (2, 5):
        return 1 if state.ndim == 2 else 3
    raise value_error("dimension", "the number of axes, which one speed and one word for all sides do not tell", None)


def eikonal(
    speed: ArrayLike,
    sources: ArrayLike,
    *,
    dimension: int | None = None,
    extent: float | Sequence[float] = 1.0,
) -> NDArray[np.float64]:
    r"""Solve the eikonal equation, ``|grad T| = 1 / c``: times at which a front arrives, by fast sweeping, first order.

    Values stand at the cell centres ``(i + 1/2) L / n``. Times from points are factored: exact for constant speed.

    Parameters
    ----------
    speed
        `c`, positive: ``[x1, .., xd]``, or a batch of them with `dimension`.
    sources
        Points ``[d]`` or ``[source, d]`` from which the front starts, or times ``[x1, .., xd]`` at which it passes the cells
        where they are finite (``inf`` elsewhere).
    dimension
        d, if `speed` is a batch.
    extent
        Side lengths; a number for all.

    Returns
    -------
    numpy.ndarray
        `T`, float64, of the shape of `speed`.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> arrival = sobolev.solvers.eikonal(np.full((40, 40), 2.0), [0.5, 0.5])
    >>> round(float(arrival[39, 20]), 4)
    0.2438
    """
    c = real_array("speed", speed, np.float64)
    dimension = c.ndim if dimension is None else integer("dimension", dimension, least=1, most=3, expected="1 to 3")
    state, single = as_batch("speed", c, dimension)
    given = real_array("sources", sources, np.float64)
    are_times = given.shape == state.shape[1:-1] and given.shape != (dimension,)
    if not are_times and (given.ndim > 2 or given.shape[-1:] != (dimension,)):
        expected = f"points [{dimension}] or [source, {dimension}], or times {list(state.shape[1:-1])}"
        raise shape_error("sources", expected, given.shape)
    points = None if are_times else [[float(x) for x in point] for point in np.atleast_2d(given)]
    arrivals = _core.eikonal(
        state,
        extent=each("extent", extent, number, dimension),
        points=points,
        times=given if are_times else None,
    )
    return arrivals[0, ..., 0] if single else arrivals[..., 0]
