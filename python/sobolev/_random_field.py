"""Gaussian random fields."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from sobolev import _core
from sobolev._arrays import value_error
from sobolev._scalars import LARGEST_SEED, each, integer, number, optional_integer, word

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Points that are made at once.
BLOCK = 1 << 21


def random_field(
    grid: int | Sequence[int],
    *,
    preset: str | None = None,
    sigma: float | None = None,
    tau: float | None = None,
    alpha: float | None = None,
    boundary: Literal["periodic", "neumann", "dirichlet"] = "periodic",
    extent: float | Sequence[float] = 1.0,
    points: Literal["centres", "vertices"] = "centres",
    mean: float = 0.0,
    random_mean: bool = False,
    modes: int | None = None,
    seed: int = 0,
    index: int = 0,
    samples: int | None = None,
) -> NDArray[np.float64]:
    r"""Sample a Gaussian field of covariance ``sigma^2 (-Laplacian + tau^2)^(-alpha)``.

    Sample ``i`` depends on ``(seed, i)`` alone and is the same function on every grid: a finer grid adds the waves that
    a coarser one cannot show and changes none.

    Parameters
    ----------
    grid
        Points along each of 1 to 3 axes; a number for one axis.
    preset
        Name of a published field (see :func:`fields`), which fixes `sigma`, `tau`, `alpha`, `boundary` and `extent`.
    sigma, tau, alpha
        Amplitude (above 0), inverse length (at least 0: waves much longer than ``1 / tau`` have equal variance) and
        exponent (above half the dimension); samples have about ``alpha - d / 2`` derivatives.
    boundary
        The box is a torus, the normal derivative vanishes on its faces, or the field does.
    extent
        Side lengths of the box; a number for all.
    points
        Grid points at cell centres ``(i + 1/2) L / n`` or at vertices ``i L / (n - 1)``; those of a periodic field are
        ``i L / n``.
    mean
        A constant that is added.
    random_mean
        Keep the wave number 0, which published data leave out.
    modes
        Keep only wave numbers up to this one along each axis, so that all grids show the identical function.
    seed, index, samples
        Sample `index` under `seed`, or with `samples` so many from `index` on.

    Returns
    -------
    numpy.ndarray
        float64, ``[x1, .., xd]``, or ``[samples, x1, .., xd]``.

    Raises
    ------
    ArgumentError
        For a number out of range, an unknown preset, or a preset together with what it fixes.
    ShapeError
        For a grid that does not fit the field.

    Examples
    --------
    >>> import sobolev
    >>> u = sobolev.random_field(256, sigma=25.0, tau=5.0, alpha=2.0, seed=7)
    >>> a = sobolev.random_field((64, 64), preset="darcy", samples=10)
    >>> u.shape, a.shape
    ((256,), (10, 64, 64))
    """
    shape = each("grid", grid, partial(integer, least=1))
    given = (sigma, tau, alpha)
    covariance = None
    if preset is None:
        if sigma is None or tau is None or alpha is None:
            names = ", ".join(name for name, value in zip(("sigma", "tau", "alpha"), given) if value is None)
            raise value_error("random field", "a preset, or sigma, tau and alpha", f"no {names}")
        covariance = (number("sigma", sigma), number("tau", tau), number("alpha", alpha))
    elif any(value is not None for value in given) or boundary != "periodic" or extent != 1.0:
        expected = "no sigma, tau, alpha, boundary or extent beside it, since it fixes them"
        raise value_error("preset", expected, preset)
    block = partial(
        _core.random_field,
        shape,
        preset=None if preset is None else word("preset", preset),
        covariance=covariance,
        boundary=word("boundary", boundary),
        points=word("points", points),
        extent=each("extent", extent, number, len(shape)),
        mean=number("mean", mean),
        random_mean=bool(random_mean),
        modes=optional_integer("modes", modes),
        seed=integer("seed", seed, most=LARGEST_SEED),
    )
    first = integer("index", index)
    if samples is None:
        single: NDArray[np.float64] = block(first=first, samples=1)[0]
        return single
    samples = integer("samples", samples, least=1)
    # Between blocks of about a tenth of a second, Ctrl-C is looked at.
    size = min(samples, max(1, BLOCK // max(1, math.prod(shape))))
    values = block(first=first, samples=size)
    if size == samples:
        return values
    try:
        whole = np.empty((samples, *shape))
    except (MemoryError, ValueError) as error:
        raise value_error("samples", "an array that fits the memory", samples) from error
    whole[:size] = values
    for start in range(size, samples, size):
        whole[start : start + size] = block(first=first + start, samples=min(size, samples - start))
    return whole
