"""Numbers, words and paths on their way to the native module: a wrong one is an `ArgumentError` that names the argument.

Limits here are those of the number types behind; what makes sense is the library's to judge.
"""

from __future__ import annotations

import operator
import os
import reprlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np

from sobolev._arrays import value_error

Entry = TypeVar("Entry", int, float)

#: The largest whole number of a spec file.
LARGEST = 2**63 - 1
#: The largest seed of a random field or an order of samples.
LARGEST_SEED = 2**64 - 1


def integer(name: str, value: Any, *, least: int = 0, most: int = LARGEST, expected: str | None = None) -> int:
    """`value` as a whole number, NumPy's included; neither a truth value nor a float that happens to be whole."""
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise value_error(name, expected or "a whole number", value, shown=reprlib.repr(value))
    try:
        whole = operator.index(value)
    except TypeError:  # An array of several numbers.
        raise value_error(name, expected or "a whole number", value, shown=reprlib.repr(value)) from None
    if whole < least:
        raise value_error(name, expected or f"at least {least}", whole)
    if whole > most:
        raise value_error(name, expected or f"at most {most}", whole)
    return whole


def number(name: str, value: Any) -> float:
    """`value` as a real number, NumPy's included; neither a truth value nor a word."""
    convertible = hasattr(value, "__float__") or hasattr(value, "__index__")
    if convertible and not isinstance(value, (bool, np.bool_)) and getattr(value, "ndim", 0) == 0:
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass
    raise value_error(name, "a number", value, shown=reprlib.repr(value))


def optional_integer(name: str, value: Any, *, least: int = 0, most: int = LARGEST) -> int | None:
    """As :func:`integer`, where nothing means a default of the library."""
    return None if value is None else integer(name, value, least=least, most=most)


def optional_number(name: str, value: Any) -> float | None:
    """As :func:`number`, where nothing means a default of the library."""
    return None if value is None else number(name, value)


def each(
    name: str, value: Any, check: Callable[[str, Any], Entry], dimensions: int | None = None
) -> list[Entry]:
    """One number for each axis; a single number stands for all `dimensions`, or for one axis where their number is open."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) and getattr(value, "ndim", 1) > 0:
        entries = [check(name, entry) for entry in value]
        if dimensions is not None and len(entries) != dimensions:
            raise value_error(name, f"a number, or one for each of {dimensions} axes", value)
        return entries
    return [check(name, value)] * (1 if dimensions is None else dimensions)


def word(name: str, value: Any) -> str:
    """`value`, if it is a string."""
    if not isinstance(value, str):
        raise value_error(name, "a word", value, shown=reprlib.repr(value))
    return str(value)


def file_path(name: str, value: Any) -> str:
    """`value` as the text of a path."""
    try:
        return os.fsdecode(value)
    except TypeError:
        raise value_error(name, "a path", value, shown=reprlib.repr(value)) from None
