"""Pictures of fields, predictions and trainings, by matplotlib, which is imported at the first picture.

Every function returns the figure; in a notebook it is shown, elsewhere ``figure.savefig("picture.png")`` keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sobolev._arrays import as_array, real_array, shape_error, value_error
from sobolev._dataset import Dataset
from sobolev._errors import SobolevError
from sobolev._scalars import each, integer

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from sobolev._models import Model

__all__ = ["comparison", "fields", "history", "samples"]

#: Width and height of one panel, in inches.
PANEL = (3.2, 2.8)


def _subplots(rows: int, columns: int) -> tuple[Figure, NDArray[Any]]:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise SobolevError('plot: expected matplotlib, which is not installed; "pip install sobolev[plot]"') from error
    size = (PANEL[0] * columns, PANEL[1] * rows)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    # The figure is the caller's: pyplot would show it a second time.
    pyplot.close(figure)
    return figure, axes


def _plane(name: str, field: ArrayLike) -> NDArray[Any]:
    """`[x]`, `[x1, x2]` or `[time, x]`: a channel axis of length one is dropped."""
    array = as_array(name, field)
    if array.ndim in (2, 3) and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (1, 2):
        expected = "a field [x], [x1, x2] or [time, x], with or without a channel axis of length one"
        raise shape_error(name, expected, array.shape, "choose a slice")
    return array


class _Axis:
    """Name and points of one axis of a picture."""

    def __init__(self, name: str, points: NDArray[np.float64], units: str = "") -> None:
        self.name, self.points = name, points
        self.label = f"{name} ({units})" if units not in ("", "1", "unknown") else name

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where the cells around the points end: halfway to the next point, and as far beyond the last ones."""
        middle = (self.points[1:] + self.points[:-1]) / 2
        return np.concatenate([[2 * self.points[0] - middle[0]], middle, [2 * self.points[-1] - middle[-1]]])

    @property
    def is_even(self) -> bool:
        steps = np.diff(self.points)
        # Points are stored as rounded sums and products.
        return bool(np.abs(steps - steps.mean()).max() <= 1e-6 * np.abs(steps).max())


def _counted(plane: NDArray[Any]) -> list[_Axis]:
    """Axes of an array that nothing else is known of: its points are numbered."""
    names = ["x"] if plane.ndim == 1 else ["x1", "x2"]
    return [_Axis(f"{name}, grid point", np.arange(n, dtype=float)) for name, n in zip(names, plane.shape)]


def _given(name: str, plane: NDArray[Any], coordinates: Mapping[str, ArrayLike] | None) -> list[_Axis]:
    """Axes of a field by the points of each, or numbered."""
    if coordinates is None:
        return _counted(plane)
    if not isinstance(coordinates, Mapping):
        expected = "a dictionary of the points of each axis, by its name"
        raise value_error("coordinates", expected, coordinates, shown=type(coordinates).__name__)
    axes = [_Axis(key, real_array(f"coordinates {key}", points, np.float64)) for key, points in coordinates.items()]
    lengths = tuple(axis.points.shape for axis in axes)
    if lengths != tuple((n,) for n in plane.shape):
        points = ", ".join(f"{axis.name} {list(axis.points.shape)}" for axis in axes)
        raise shape_error(name, f"a field on the points of the coordinates, {points}", plane.shape)
    for axis in axes:
        steps = np.diff(axis.points)
        if not (np.isfinite(axis.points).all() and ((steps > 0).all() or (steps < 0).all())):
            raise value_error(f"coordinates {axis.name}", "increasing or decreasing points", axis.points)
    return axes


def _stored(data: Dataset, side: Literal["input", "target"]) -> list[_Axis]:
    """Axes of a side of a data set."""
    (field,) = (field for field in data.info["fields"] if field["side"] == side)
    units = {axis["name"]: axis["units"] for axis in field["axes"]}
    return [_Axis(name, points, units[name]) for name, points in data.coordinates(side).items()]


def _along(
    name: str, plane: NDArray[Any], coordinates: Dataset | Mapping[str, ArrayLike] | None
) -> list[_Axis]:
    """Axes of a panel of a comparison."""
    if not isinstance(coordinates, Dataset):
        return _given(name, plane, coordinates)
    along = _stored(coordinates, "input" if name == "input" else "target")
    shape = tuple(len(one.points) for one in along)
    if shape != plane.shape:
        raise shape_error(name, f"a field on the grid of the data set, {list(shape)}", plane.shape)
    return along


def _panel(
    figure: Figure,
    axis: Any,
    title: str,
    field: NDArray[Any],
    along: list[_Axis],
    limits: tuple[float, float] | None = None,
    colours: str = "viridis",
) -> None:
    axis.set_title(title)
    if field.ndim == 2 and 1 in field.shape:
        # One snapshot is a line.
        along = along[:1] if field.shape[1] == 1 else along[1:]
        field = field.ravel()
    if field.ndim == 1:
        axis.plot(along[0].points, field, marker="." if len(field) == 1 else None)
        axis.set_xlabel(along[0].label)
        return
    low, high = limits or (None, None)
    # The first axis of the array runs to the right, as x1 in the formulas.
    right, up = (one.edges for one in along)
    width, height = abs(right[-1] - right[0]), abs(up[-1] - up[0])
    in_space = all(one.name != "time" for one in along)
    aspect = "equal" if in_space and 0.25 <= height / width <= 4 else "auto"
    if all(one.is_even for one in along):
        extent = (right[0], right[-1], up[0], up[-1])
        image = axis.imshow(
            field.T,
            origin="lower",
            extent=extent,
            cmap=colours,
            vmin=low,
            vmax=high,
            aspect=aspect,
            # Few points are shown as they are; more than there are pixels need averaging.
            interpolation="nearest" if max(field.shape) <= 200 else "auto",
        )
    else:
        image = axis.pcolormesh(right, up, field.T, cmap=colours, vmin=low, vmax=high)
        axis.set_aspect(aspect)
    axis.set_xlabel(along[0].label)
    axis.set_ylabel(along[1].label)
    figure.colorbar(image, ax=axis, shrink=0.85)


def fields(
    panels: Mapping[str, ArrayLike],
    *,
    coordinates: Mapping[str, ArrayLike] | None = None,
    columns: int = 4,
    shared: bool = False,
) -> Figure:
    """Fields side by side, each with its title, axes and colour bar. The first axis of a field runs to the right.

    Parameters
    ----------
    panels
        Title and field of each panel: ``[x]``, ``[x1, x2]`` or ``[time, x]``, or these with a channel axis of length one.
    coordinates
        Points of each axis in their order, by its name, as :meth:`Dataset.coordinates` answers them; for all panels. By
        default grid points are numbered.
    columns
        Panels in a row, at most.
    shared
        One range of colours for all panels.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> figure = sobolev.plot.fields({"field": sobolev.random_field((64, 64), preset="darcy")})
    >>> u = sobolev.solvers.burgers(np.sin(2 * np.pi * np.arange(64) / 64), 0.02, [0.0, 0.1, 0.2])
    >>> figure = sobolev.plot.fields({"u": u}, coordinates={"time": [0.0, 0.1, 0.2], "x": np.arange(64) / 64})
    """
    planes = {title: _plane(title, field) for title, field in panels.items()}
    if not planes:
        raise value_error("panels", "at least one field", "none")
    along = [_given(title, plane, coordinates) for title, plane in planes.items()]
    columns = min(integer("columns", columns, least=1), len(planes))
    figure, axes = _subplots(-(-len(planes) // columns), columns)
    limits = None
    if shared:
        limits = (min(float(p.min()) for p in planes.values()), max(float(p.max()) for p in planes.values()))
    for axis, (title, plane), ones in zip(axes.flat, planes.items(), along):
        _panel(figure, axis, title, plane, ones, limits)
    for axis in axes.flat[len(planes) :]:
        axis.set_axis_off()
    return figure


def samples(data: Dataset, indices: int | Sequence[int] | None = None) -> Figure:
    """Inputs (above) and targets (below) of some samples of a data set, by default of the first three.

    Axes have the names, points and units of the data set.
    """
    if indices is None:
        indices = range(min(3, len(data)))
    numbers = each("indices", indices, partial(integer, least=-len(data), most=len(data) - 1))
    if not numbers:
        raise value_error("indices", "at least one sample", "none")
    names = [field["name"] for field in data.info["fields"]]
    along = [_stored(data, "input"), _stored(data, "target")]
    figure, axes = _subplots(2, len(numbers))
    for column, index in enumerate(numbers):
        for row, (values, name) in enumerate(zip(data[index], names)):
            _panel(figure, axes[row, column], f"{name}, sample {index}", _plane(name, values), along[row])
    return figure


def history(models: Model | dict[str, Model]) -> Figure:
    """Training loss and validation error by epoch, on a logarithmic axis.

    Parameters
    ----------
    models
        A trained model, or several with their names.
    """
    curves = models if isinstance(models, dict) else {"": models}
    figure, axes = _subplots(1, 1)
    axis = axes[0, 0]
    for name, model in curves.items():
        records = model.history
        prefix = f"{name}: " if name else ""
        axis.semilogy([r["epoch"] for r in records], [r["train_loss"] for r in records], label=f"{prefix}training")
        checked = [(r["epoch"], r["validation_error"]) for r in records if r["validation_error"] is not None]
        if checked:
            axis.semilogy(*zip(*checked), label=f"{prefix}validation")
    axis.set_xlabel("epoch")
    axis.set_ylabel("loss")
    axis.legend()
    return figure


def comparison(
    target: ArrayLike,
    prediction: ArrayLike,
    *,
    input: ArrayLike | None = None,
    coordinates: Dataset | Mapping[str, ArrayLike] | None = None,
    title: str = "",
) -> Figure:
    """One sample: the input if given, the target, the prediction in the same colours, and the error.

    Parameters
    ----------
    target, prediction, input
        ``[x]``, ``[x1, x2]`` or ``[time, x]``, or these with a channel axis of length one.
    coordinates
        The data set that the sample is of, or the points of each axis by its name. By default grid points are numbered.
    title
        Above the whole picture.
    """
    truth, answer = _plane("target", target), _plane("prediction", prediction)
    if truth.shape != answer.shape:
        expected = f"the shape of the target, {list(truth.shape)}"
        raise shape_error("prediction", expected, answer.shape)
    error = answer - truth
    largest = float(np.abs(error).max()) or 1.0
    limits = (float(truth.min()), float(truth.max()))
    panels: list[tuple[str, NDArray[Any], tuple[float, float] | None, str]] = [
        ("target", truth, limits, "viridis"),
        ("prediction", answer, limits, "viridis"),
        ("error", error, (-largest, largest), "RdBu_r"),
    ]
    if input is not None:
        panels.insert(0, ("input", _plane("input", input), None, "viridis"))
    along = [_along(name, plane, coordinates) for name, plane, _, _ in panels]
    figure, axes = _subplots(1, len(panels))
    for axis, (name, plane, span, colours), ones in zip(axes[0], panels, along):
        _panel(figure, axis, name, plane, ones, span, colours)
    if title:
        figure.suptitle(title)
    return figure
