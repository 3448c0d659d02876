"""Pictures of fields, predictions and trainings, by matplotlib, which is imported at the first picture.

Every function returns the figure; in a notebook it is shown, elsewhere ``figure.savefig("picture.png")`` keeps it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sobolev._arrays import shape_error, value_error
from sobolev._errors import SobolevError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from sobolev._dataset import Dataset
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
    """`[x]` or `[x1, x2]`: a channel axis of length one is dropped."""
    array = np.asarray(field)
    if array.ndim in (2, 3) and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim not in (1, 2):
        expected = "a field [x] or [x1, x2], with or without a channel axis of length one"
        raise shape_error(name, expected, array.shape, "choose a slice")
    return array


def _panel(
    figure: Figure,
    axis: Any,
    title: str,
    field: NDArray[Any],
    limits: tuple[float, float] | None = None,
    colours: str = "viridis",
) -> None:
    axis.set_title(title)
    if field.ndim == 1:
        axis.plot((np.arange(len(field)) + 0.5) / len(field), field)
        axis.set_xlabel("x / L")
        return
    low, high = limits or (None, None)
    # The first axis of the array is x1 and runs to the right, as in the formulas.
    image = axis.imshow(
        field.T, origin="lower", extent=(0, 1, 0, 1), cmap=colours, vmin=low, vmax=high, aspect="equal"
    )
    axis.set_xlabel("x1 / L")
    axis.set_ylabel("x2 / L")
    figure.colorbar(image, ax=axis, shrink=0.85)


def fields(panels: dict[str, ArrayLike], *, columns: int = 4, shared: bool = False) -> Figure:
    """Fields side by side, each with its title, axes and colour bar.

    Parameters
    ----------
    panels
        Title and field of each panel: ``[x]``, ``[x1, x2]``, or these with a channel axis of length one.
    columns
        Panels in a row, at most.
    shared
        One range of colours for all panels.

    Examples
    --------
    >>> import sobolev
    >>> figure = sobolev.plot.fields({"field": sobolev.random_field((64, 64), preset="darcy")})
    """
    planes = {title: _plane(title, field) for title, field in panels.items()}
    if not planes:
        raise value_error("panels", "at least one field", "none")
    columns = max(1, min(columns, len(planes)))
    figure, axes = _subplots(-(-len(planes) // columns), columns)
    limits = None
    if shared:
        limits = (min(float(p.min()) for p in planes.values()), max(float(p.max()) for p in planes.values()))
    for axis, (title, plane) in zip(axes.flat, planes.items()):
        _panel(figure, axis, title, plane, limits)
    for axis in axes.flat[len(planes) :]:
        axis.set_axis_off()
    return figure


def samples(data: Dataset, indices: Sequence[int] = (0, 1, 2)) -> Figure:
    """Inputs (above) and targets (below) of some samples of a data set."""
    information = data.info["fields"]
    figure, axes = _subplots(2, len(indices))
    for column, index in enumerate(indices):
        for row, (values, field) in enumerate(zip(data[index], information)):
            _panel(figure, axes[row, column], f"{field['name']}, sample {index}", _plane(field["name"], values))
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
    target: ArrayLike, prediction: ArrayLike, *, input: ArrayLike | None = None, title: str = ""
) -> Figure:
    """One sample: the input if given, the target, the prediction in the same colours, and the error.

    Parameters
    ----------
    target, prediction, input
        ``[x]``, ``[x1, x2]``, or these with a channel axis of length one.
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
    figure, axes = _subplots(1, len(panels))
    for axis, (name, plane, span, colours) in zip(axes[0], panels):
        _panel(figure, axis, name, plane, span, colours)
    if title:
        figure.suptitle(title)
    return figure
