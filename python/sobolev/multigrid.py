"""Multigrid for any stencil, and for elliptic problems with any condition on each side.

Work grows in proportion to the number of unknowns: each cycle reduces the error by a factor that does not depend on the
size of the grid. Stencils may be real or complex, symmetric or not, in one to three dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sobolev import _core
from sobolev._arrays import shape_error, value_error
from sobolev._scalars import each, integer, number, word

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Elliptic", "Multigrid", "SolveInfo"]

#: More grids than any size needs.
_ALL_LEVELS = 64


@dataclass(frozen=True)
class SolveInfo:
    """What an iteration did.

    Attributes
    ----------
    residuals
        ``|f - A u|`` at the start and after each iteration.
    norm
        ``|f|``.
    """

    residuals: NDArray[np.float64]
    norm: float

    @property
    def iterations(self) -> int:
        """Iterations done."""
        return len(self.residuals) - 1

    @property
    def relative_residual(self) -> float:
        """``|f - A u| / |f|``; zero when ``f`` is."""
        return float(self.residuals[-1] / self.norm) if self.norm > 0 else 0.0

    @property
    def convergence_factor(self) -> float:
        """Geometric mean of the factor by which an iteration reduced the residual."""
        if self.iterations == 0 or self.residuals[0] == 0:
            return 0.0
        return float((self.residuals[-1] / self.residuals[0]) ** (1 / self.iterations))


class Multigrid:
    r"""Multigrid for the matrix ``(A u)_P = sum_o a_o(P) u_(P+o)`` on a structured grid.

    Parameters
    ----------
    stencil
        The entries ``a_o``: ``[3] * d`` for the same at every point, with the point itself in the middle, or
        ``[x1, .., xd] + [3] * d`` for another at each. Complex numbers make everything complex.
    points
        Points along each axis; needed for a stencil that is the same everywhere.
    sides
        What lies beyond the points: ``"zero"`` (a boundary value that was eliminated), ``"natural"`` (a condition that is
        part of the equations, such as no flux) or ``"periodic"``; one word for all, or a word or a pair for each axis.
    centring
        ``"vertex"`` or ``"cell"``: where the points stand in relation to the boundary.
    cycle
        ``"V"``, ``"W"`` or ``"F"``.
    before, after
        Sweeps before and after the visit to the coarser grid.
    smoother
        ``"gauss-seidel"`` (by colours), ``"jacobi"`` (damped by `weight`), ``"lines"`` (zebra, along `axes`, all by default)
        or ``"chebyshev"`` (of `degree`).
    interpolation
        ``"operator-induced"``, which stands jumps of the coefficients, or ``"linear"`` (between vertices).
    coarsening
        ``"strong"``: only axes along which points are strongly coupled; ``"full"``: all.
    levels
        Grids to use at most.
    coarsest
        Points from which on a grid is solved directly.

    Raises
    ------
    ShapeError, ArgumentError
        If an array has the wrong shape, an option is unknown or out of range, or a coarse operator is singular.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> laplacian = 128.0**2 * np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]])
    >>> multigrid = sobolev.multigrid.Multigrid(laplacian, points=(127, 127))
    >>> u, info = multigrid.solve(np.ones((127, 127)))
    >>> bool(info.iterations <= 9), round(float(u[63, 63]), 4)
    (True, 0.0737)
    """

    def __init__(
        self,
        stencil: ArrayLike,
        *,
        points: int | Sequence[int] | None = None,
        sides: str | Sequence[str | tuple[str, str]] = "zero",
        centring: str = "vertex",
        cycle: str = "V",
        before: int = 1,
        after: int = 1,
        smoother: str = "gauss-seidel",
        weight: float = 0.8,
        degree: int = 3,
        axes: Sequence[int] = (),
        interpolation: str = "operator-induced",
        coarsening: str = "strong",
        levels: int | None = None,
        coarsest: int = 64,
    ) -> None:
        entries = _numbers("stencil", stencil)
        dimensions, shape = _stencil_points(entries, points)
        options = _options(
            cycle=cycle,
            before=before,
            after=after,
            smoother=smoother,
            weight=weight,
            degree=degree,
            axes=axes,
            interpolation=interpolation,
            coarsening=coarsening,
            levels=levels,
            coarsest=coarsest,
        )
        beyond = side_pairs(sides, dimensions)
        self._native = _core.Multigrid(entries, shape, word("centring", centring), beyond, options)

    @classmethod
    def _of(cls, native: _core.Multigrid) -> Multigrid:
        made = cls.__new__(cls)
        made._native = native
        return made

    @property
    def points(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(self._native.points)

    @property
    def unknowns(self) -> list[int]:
        """Points of each level, the finest first."""
        return self._native.unknowns

    @property
    def operator_complexity(self) -> float:
        """Entries of all matrices over those of the finest."""
        return self._native.operator_complexity

    @property
    def full_multigrid_work(self) -> float:
        """Work of :meth:`full_multigrid` in sweeps over the finest grid."""
        return self._native.full_multigrid_work

    def solve(
        self,
        f: ArrayLike,
        *,
        initial: ArrayLike | None = None,
        iteration: str = "conjugate-gradients",
        tolerance: float = 1e-8,
        absolute_tolerance: float = 0.0,
        iterations: int = 200,
    ) -> tuple[NDArray[Any], SolveInfo]:
        """Solve ``A u = f``.

        Parameters
        ----------
        f
            Right-hand side, of the shape of the points. If constants solve ``A u = 0``, its mean must be zero, and that of
            `u` is then zero.
        initial
            First guess; zero by default.
        iteration
            ``"conjugate-gradients"`` for symmetric positive matrices, ``"bicgstab"`` for any, ``"cycles"`` alone.
        tolerance, absolute_tolerance
            Residuals at which to end, relative to ``|f|`` and absolute; either is enough.
        iterations
            After so many the solver gives up.

        Returns
        -------
        tuple
            `u`, float64 or complex128, and a :class:`SolveInfo`.

        Raises
        ------
        ShapeError, ArgumentError
            If an array has the wrong shape or is not finite, or the problem is singular and `f` has a mean.
        ConvergenceError
            If the tolerance is not reached.
        """
        u, residuals, norm = self._native.solve(
            self._own("f", f),
            None if initial is None else self._own("initial", initial),
            iteration=word("iteration", iteration),
            tolerance=number("tolerance", tolerance),
            absolute_tolerance=number("absolute_tolerance", absolute_tolerance),
            iterations=integer("iterations", iterations, least=1),
        )
        return u, SolveInfo(np.asarray(residuals), norm)

    def full_multigrid(self, f: ArrayLike) -> NDArray[Any]:
        """Solve ``A u = f`` to about the accuracy of the discretisation: one cycle on each grid, from the coarsest on."""
        return self._native.map(self._own("f", f), "full multigrid")

    def precondition(self, r: ArrayLike) -> NDArray[Any]:
        """One cycle from zero for ``A z = r``: an approximation of the inverse, to be used as a preconditioner."""
        return self._native.map(self._own("r", r), "precondition")

    def apply(self, u: ArrayLike) -> NDArray[Any]:
        """``A u``."""
        return self._native.map(self._own("u", u), "apply")

    def _own(self, name: str, values: ArrayLike) -> NDArray[Any]:
        """Numbers of the type of the stencil."""
        return _numbers(name, values, self._native.is_complex)

    def __str__(self) -> str:
        return str(self._native)


class Elliptic:
    r"""The equation ``-div(a grad u) + c u = f`` in a box, by finite volumes of second order.

    Parameters
    ----------
    cells
        Cells along each axis.
    sides
        What holds on the sides, for each axis a pair (lower, upper) or one for both; a single one holds everywhere. Each is
        ``"periodic"``, ``"dirichlet"`` or ``"neumann"`` (with zeros), ``("dirichlet", value)`` for ``u = value``,
        ``("neumann", value)`` for ``du/dn = value`` outwards, or ``("robin", alpha, value)`` for ``alpha u + du/dn = value``.
        A value is a number or an array over the side.
    extent
        Side lengths; a number for all.
    diffusion
        `a` at the points of `u`, positive (or complex): a number, an array, or a sequence of arrays for the axes.
    reaction
        `c`: a number or an array.
    centring
        ``"cell"``: unknowns at the centres of cells. ``"vertex"``: at vertices, those on Neumann and Robin sides included.
    options
        Those of :class:`Multigrid` from `cycle` on.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> problem = sobolev.multigrid.Elliptic((64, 32), ["periodic", (("dirichlet", 2.0), "neumann")], extent=(2.0, 1.0))
    >>> u, info = problem.solve(1.0)                       # u = 2 + y - y^2 / 2
    >>> y = problem.coordinates(1)
    >>> bool(np.allclose(u, 2 + y - y**2 / 2, atol=1e-3))
    True
    """

    def __init__(
        self,
        cells: int | Sequence[int],
        sides: Any = "dirichlet",
        *,
        extent: float | Sequence[float] = 1.0,
        diffusion: Any = 1.0,
        reaction: ArrayLike | None = None,
        centring: str = "cell",
        **options: Any,
    ) -> None:
        count = each("cells", cells, integer)
        several = isinstance(diffusion, (list, tuple))
        coefficients = [np.asarray(a) for a in (diffusion if several else [diffusion])]
        values = [part for pair in condition_pairs(sides, len(count)) for condition in pair for part in condition[1:]]
        given = [*coefficients, *values] + ([] if reaction is None else [reaction])
        self._complex = any(np.iscomplexobj(value) for value in given)

        def make(coefficients: list[NDArray[Any]], c: NDArray[Any] | None) -> _core.EllipticProblem:
            return _core.EllipticProblem(
                count,
                each("extent", extent, number, len(count)),
                word("centring", centring),
                condition_pairs(sides, len(count), self._complex),
                coefficients,
                c,
                self._complex,
            )

        points = tuple(make([], None).points)
        filled = [np.broadcast_to(self._own("diffusion", a), points) for a in coefficients if a.shape in ((), points)]
        if len(filled) < len(coefficients):
            wrong = next(a for a in coefficients if a.shape not in ((), points))
            raise shape_error("diffusion", f"a number or {list(points)}", wrong.shape)
        c = None if reaction is None else self._own("reaction", reaction)
        self._native = make(filled, np.broadcast_to(c, points) if c is not None and c.ndim == 0 else c)
        self._points = points
        defaults = dict(Multigrid.__init__.__kwdefaults__ or {})
        names = [name for name in defaults if name not in ("points", "sides", "centring")]
        unknown = [name for name in options if name not in names]
        if unknown:
            raise value_error("options", f"one of {', '.join(names)}", unknown[0])
        self.multigrid = Multigrid._of(
            self._native.multigrid(_options(**{name: options.get(name, defaults[name]) for name in names}))
        )

    def _own(self, name: str, values: ArrayLike) -> NDArray[Any]:
        return _numbers(name, values, self._complex)

    @property
    def points(self) -> tuple[int, ...]:
        """Unknowns along each axis."""
        return self._points

    def coordinates(self, axis: int) -> NDArray[np.float64]:
        """Coordinates of the unknowns along an axis."""
        return np.asarray(self._native.coordinates(integer("axis", axis)))

    def right_hand_side(self, f: ArrayLike) -> NDArray[Any]:
        """The right-hand side of the matrix equation: `f` (a number or an array at the points) and the values on the sides."""
        values = self._own("f", f)
        return self._native.right_hand_side(np.broadcast_to(values, self._points) if values.ndim == 0 else values)

    def solve(self, f: ArrayLike, **options: Any) -> tuple[NDArray[Any], SolveInfo]:
        """Solve for a source `f`, a number or an array at the points; `options` are those of :meth:`Multigrid.solve`."""
        return self.multigrid.solve(self.right_hand_side(f), **options)


def _numbers(name: str, values: ArrayLike, complex_numbers: bool | None = None) -> NDArray[Any]:
    """`values` as float64, or as complex128 if they are or if asked for."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiubc":
        raise value_error(name, "an array of numbers", values, shown=f"dtype {array.dtype}")
    if array.dtype.kind == "c" and complex_numbers is False:
        raise value_error(name, "real numbers, as the operator's", values, shown="complex ones")
    kind = np.complex128 if complex_numbers or array.dtype.kind == "c" else np.float64
    return np.require(array, kind, ["ALIGNED"])


def _stencil_points(entries: NDArray[Any], points: int | Sequence[int] | None) -> tuple[int, list[int]]:
    """Dimensions and points of a stencil."""
    if points is not None:
        shape = each("points", points, integer)
        return len(shape), shape
    dimensions = entries.ndim // 2
    if dimensions == 0 or entries.ndim % 2 == 1 or entries.shape[dimensions:] != (3,) * dimensions:
        expected = "[x1, .., xd, 3, .., 3], or [3, .., 3] and points"
        raise shape_error("stencil", expected, entries.shape)
    return dimensions, list(entries.shape[:dimensions])


def _each_axis(name: str, sides: Any, dimensions: int) -> list[Any]:
    """One entry for each axis; a word or a condition stands for all."""
    if isinstance(sides, str) or _is_condition(sides):
        return [sides] * dimensions
    entries = list(sides)
    if len(entries) != dimensions:
        raise value_error(name, f"one entry, or one for each of {dimensions} axes", sides)
    return entries


def _is_condition(entry: Any) -> bool:
    """Whether `entry` is a name with its values."""
    return isinstance(entry, tuple) and len(entry) > 1 and isinstance(entry[0], str) and not isinstance(entry[1], (str, tuple))


def side_pairs(sides: Any, dimensions: int) -> list[tuple[str, str]]:
    """The words for (lower, upper) sides of each axis."""
    return [_pair(side) for side in _each_axis("sides", sides, dimensions)]


def _pair(entry: str | tuple[str, str]) -> tuple[str, str]:
    if isinstance(entry, str):
        return entry, entry
    pair = tuple(entry)
    if len(pair) != 2:
        raise value_error("sides", "a word or a pair for each axis", entry)
    return word("sides", pair[0]), word("sides", pair[1])


def condition_pairs(sides: Any, dimensions: int, complex_numbers: bool | None = None) -> list[tuple[Any, ...]]:
    """The conditions on both sides of each axis as (name, alpha, value), with arrays."""
    pairs = [_conditions(entry) for entry in _each_axis("sides", sides, dimensions)]

    def own(value: Any) -> NDArray[Any]:
        return _numbers("sides", value, complex_numbers)

    return [tuple((name, own(alpha), own(value)) for name, alpha, value in pair) for pair in pairs]


def _conditions(entry: Any) -> list[tuple[str, Any, Any]]:
    """The conditions on both sides of an axis as (name, alpha, value)."""
    pair = [entry, entry] if isinstance(entry, str) or _is_condition(entry) else list(entry)
    if len(pair) != 2:
        raise value_error("sides", "a pair for each axis", entry)
    return [_condition(condition) for condition in pair]


def _condition(condition: Any) -> tuple[str, Any, Any]:
    if isinstance(condition, str):
        return condition, 0.0, 0.0
    name, *values = condition
    expected = 2 if name == "robin" else 1
    if len(values) != expected:
        raise value_error("sides", f"{expected} value(s) after \"{name}\"", condition)
    return word("sides", name), values[0] if expected == 2 else 0.0, values[-1]


def _options(*, levels: int | None, axes: Sequence[int], **options: Any) -> dict[str, Any]:
    """The options of a hierarchy as the native module takes them."""
    words = ("cycle", "smoother", "interpolation", "coarsening")
    counts = ("before", "after", "degree", "coarsest")
    return {
        **{name: word(name, options[name]) for name in words},
        **{name: integer(name, options[name]) for name in counts},
        "weight": number("weight", options["weight"]),
        "axes": [integer("axes", axis) for axis in axes],
        "levels": _ALL_LEVELS if levels is None else integer("levels", levels, least=1),
    }
