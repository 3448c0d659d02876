"""What a comparison of predictions with targets has measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Measure:
    """One measure of error, for every sample; smaller is better. ``float(measure)`` is the mean."""

    def __init__(self, per_sample: NDArray[np.float64]) -> None:
        self.per_sample = per_sample

    @property
    def mean(self) -> float:
        """Plain mean over the samples."""
        return float(self.per_sample.mean())

    @property
    def median(self) -> float:
        """The middle one of the samples."""
        return float(np.median(self.per_sample))

    @property
    def worst(self) -> tuple[int, float]:
        """Number and value of the sample with the largest value."""
        index = int(self.per_sample.argmax())
        return index, float(self.per_sample[index])

    def __float__(self) -> float:
        return self.mean

    def __repr__(self) -> str:
        index, largest = self.worst
        return f"mean {self.mean:.3e}, median {self.median:.3e}, largest {largest:.3e} at sample {index}"


class Evaluation:
    """Errors of predictions, per sample and in the mean; printed as a table.

    Attributes
    ----------
    relative_l2, relative_h1 : Measure
        Error over target in the L2 norm, and in that of the field and its first derivatives (each axis counting as 2 pi long).
    rmse, nrmse : Measure
        Root mean square error in the units of the field, and over the root mean square of the target.
    largest_error : Measure
        Largest absolute error, in the units of the field.
    fourier_low, fourier_mid, fourier_high : Measure or None
        Error in the wave numbers 0 to 3, 4 to 11 and from 12 on, as PDEBench defines it; None on grids without such waves.
    samples, grid, channels, derivative
        What was compared, and how the H1 norm took derivatives.
    """

    relative_l2: Measure
    relative_h1: Measure
    rmse: Measure
    nrmse: Measure
    largest_error: Measure
    fourier_low: Measure | None
    fourier_mid: Measure | None
    fourier_high: Measure | None
    samples: int
    grid: tuple[int, ...]
    channels: int
    derivative: str

    def __init__(self, text: str, table: str) -> None:
        self._table = table
        fields: dict[str, Any] = json.loads(text)
        for name, value in fields.items():
            if isinstance(value, dict):
                value = Measure(np.array(value["per_sample"], dtype=np.float64))
            setattr(self, name, tuple(value) if name == "grid" else value)

    def __repr__(self) -> str:
        return self._table
