"""Exceptions of the library. The native module raises them with the text of the Rust errors and the numbers as attributes."""

from __future__ import annotations

from typing import Any


class SobolevError(Exception):
    """What every exception of this library is, whatever else it is."""


class ArgumentError(SobolevError, ValueError):
    """An argument, a setting or the key of a spec is out of range, unknown or not finite.

    Attributes
    ----------
    argument : str or None
        Name of the argument, where one is to blame.
    expected : str or None
        What was wanted.
    got : object
        What came.
    """

    def __init__(
        self, message: str, *, argument: str | None = None, expected: str | None = None, got: Any = None
    ) -> None:
        super().__init__(message)
        self.argument = argument
        self.expected = expected
        self.got = got


class ShapeError(ArgumentError):
    """An array has the wrong number of axes or the wrong length along one; `got` is its shape, a tuple."""


class ConvergenceError(SobolevError, RuntimeError):
    """An iteration stopped before it reached its tolerance.

    Attributes
    ----------
    iterations : int or None
        Iterations done.
    residual : float or None
        Relative residual reached.
    tolerance : float or None
        Relative residual wanted.
    """

    def __init__(
        self,
        message: str,
        *,
        iterations: int | None = None,
        residual: float | None = None,
        tolerance: float | None = None,
    ) -> None:
        super().__init__(message)
        self.iterations = iterations
        self.residual = residual
        self.tolerance = tolerance


class DivergenceError(SobolevError, RuntimeError):
    """A time-dependent solution is no longer finite.

    Attributes
    ----------
    time : float or None
        Time since the initial state at which it was noticed.
    step : int or None
        Time step at which it was noticed.
    """

    def __init__(self, message: str, *, time: float | None = None, step: int | None = None) -> None:
        super().__init__(message)
        self.time = time
        self.step = step


class TrainingError(SobolevError, RuntimeError):
    """A training could not go on, mostly because its loss was no longer finite. The model keeps its last good weights."""


class DataError(SobolevError, OSError):
    """A file is missing, damaged, foreign or unfinished, or cannot be written."""


class CheckpointError(DataError):
    """A file is no checkpoint, is damaged, or holds another model."""


class NotFittedError(SobolevError, RuntimeError):
    """A model is asked for an answer before it was trained or loaded."""
