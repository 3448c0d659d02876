"""Arrays on their way to the native module: number types, and the axes of length one that Python users leave out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sobolev._errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_array(name: str, value: Any) -> NDArray[Any]:
    """`value` as an array of real numbers of its own type; anything with `__array__` or `__dlpack__` is one."""
    try:
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            array = np.from_dlpack(value)
        else:
            array = np.asarray(value)
    # What other libraries raise for arrays on a GPU, of types that NumPy lacks, or of lists of different lengths.
    except (ValueError, TypeError, RuntimeError, AttributeError, BufferError) as error:
        raise value_error(name, "an array of real numbers", value, shown=f"none ({error})") from error
    if array.dtype.kind not in "fiub":
        raise value_error(name, "an array of real numbers", value, shown=f"dtype {array.dtype}")
    return array


def real_array(name: str, value: ArrayLike, dtype: type[np.floating[Any]]) -> NDArray[Any]:
    """`value` as an array of `dtype`; the same memory if it has that type already, whatever its strides."""
    array = as_array(name, value)
    # What overflows becomes infinite, which the library refuses with its place.
    with np.errstate(over="ignore"):
        return np.require(array, dtype, ["ALIGNED"])


def value_error(name: str, expected: str, got: object, *, shown: object = None) -> ArgumentError:
    """The error of a wrong argument, in the words of the library; `shown` stands in the text instead of `got`."""
    message = f"{name}: expected {expected}, got {got if shown is None else shown}"
    return ArgumentError(message, argument=name, expected=expected, got=got)


def shape_error(name: str, expected: str, shape: Sequence[int], hint: str = "") -> ShapeError:
    """The error of an array whose shape is wrong, in the words of the library."""
    advice = f"; {hint}" if hint else ""
    message = f"{name}: expected {expected}, got {list(shape)}{advice}"
    return ShapeError(message, argument=name, expected=expected, got=tuple(shape))


def broadcast(name: str, value: ArrayLike, shape: Sequence[int]) -> NDArray[Any]:
    """A number or an array in float64, as a view of `shape`."""
    array = real_array(name, value, np.float64)
    try:
        return np.broadcast_to(array, shape)
    except ValueError as error:
        raise shape_error(name, f"a number or {list(shape)}", array.shape) from error


def complex_array(name: str, value: ArrayLike) -> NDArray[np.complex128]:
    """`value` as an array of complex numbers."""
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise value_error(name, "an array of numbers", value, shown=f"none ({error})") from error
    if array.dtype.kind not in "fiubc":
        raise value_error(name, "an array of numbers", value, shown=f"dtype {array.dtype}")
    return array.astype(np.complex128)


def as_batch(name: str, array: NDArray[Any], dimensions: int) -> tuple[NDArray[Any], bool]:
    """A view `[batch, x1, .., xd, 1]` of one sample `[x1, .., xd]` or a batch of them, and whether it was one sample."""
    if array.ndim == dimensions:
        return array[np.newaxis, ..., np.newaxis], True
    if array.ndim == dimensions + 1:
        return array[..., np.newaxis], False
    axes = ", ".join(f"x{axis + 1}" for axis in range(dimensions))
    hint = ""
    if array.ndim == dimensions + 2 and 1 in (array.shape[1], array.shape[-1]):
        hint = "the equation has one component: leave its channel axis out"
    raise shape_error(name, f"[{axes}] or [batch, {axes}]", array.shape, hint)


def as_times(times: ArrayLike) -> list[float]:
    """Times of an answer as a list; a number means one time."""
    instants = np.atleast_1d(real_array("times", times, np.float64))
    if instants.ndim != 1:
        raise shape_error("times", "a number or [time]", instants.shape)
    return [float(time) for time in instants]
