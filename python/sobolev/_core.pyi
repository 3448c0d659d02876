"""The native module. Private: arrays have all their axes here, and the package documents what is public."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Dataset",
    "EllipticProblem",
    "Multigrid",
    "Surrogate",
    "__version__",
    "activations",
    "burgers",
    "cavity",
    "check_architecture",
    "convert",
    "darcy",
    "describe",
    "eikonal",
    "equations",
    "evolve",
    "fields",
    "formats",
    "generate",
    "heat",
    "helmholtz",
    "generate_toml",
    "merge",
    "models",
    "poisson",
    "random_field",
    "sample_count",
    "shard_specs",
    "verify",
    "wave",
]

__version__: str

_Progress: TypeAlias = Callable[[int, int, str], object]
_Path: TypeAlias = str | PathLike[str]

def activations() -> list[dict[str, str]]: ...
def equations() -> list[dict[str, Any]]: ...
def fields() -> list[dict[str, str]]: ...
def formats() -> list[dict[str, str]]: ...
def models() -> list[dict[str, Any]]: ...
@final
class Multigrid:
    def __new__(
        cls,
        entries: NDArray[Any],
        points: Sequence[int],
        centring: str,
        sides: Sequence[tuple[str, str]],
        params: dict[str, Any],
    ) -> Multigrid: ...
    def solve(
        self,
        f: NDArray[Any],
        initial: NDArray[Any] | None,
        *,
        iteration: str,
        tolerance: float,
        absolute_tolerance: float,
        iterations: int,
    ) -> tuple[NDArray[Any], list[float], float]: ...
    def map(self, values: NDArray[Any], action: str) -> NDArray[Any]: ...
    @property
    def is_complex(self) -> bool: ...
    @property
    def unknowns(self) -> list[int]: ...
    @property
    def operator_complexity(self) -> float: ...
    @property
    def full_multigrid_work(self) -> float: ...
    @property
    def points(self) -> list[int]: ...
@final
class EllipticProblem:
    def __new__(
        cls,
        cells: Sequence[int],
        extent: Sequence[float],
        centring: str,
        sides: Sequence[tuple[Any, ...]],
        diffusion: Sequence[NDArray[Any]],
        reaction: NDArray[Any] | None,
        complex: bool,
    ) -> EllipticProblem: ...
    def multigrid(self, params: dict[str, Any]) -> Multigrid: ...
    def right_hand_side(self, f: NDArray[Any]) -> NDArray[Any]: ...
    def coordinates(self, axis: int) -> list[float]: ...
    @property
    def points(self) -> list[int]: ...
def random_field(
    grid: Sequence[int],
    *,
    preset: str | None,
    covariance: tuple[float, float, float] | None,
    boundary: str,
    points: str,
    extent: Sequence[float],
    mean: float,
    random_mean: bool,
    modes: int | None,
    seed: int,
    first: int,
    samples: int,
) -> NDArray[np.float64]: ...
def darcy(
    a: NDArray[np.float64],
    f: float,
    field: NDArray[np.float64] | None,
    sides: Sequence[tuple[Any, ...]],
    *,
    extent: Sequence[float] | None,
    tolerance: float,
    iterations: int,
    progress: _Progress | None,
) -> NDArray[np.float64]: ...
def heat(
    u0: NDArray[np.float64],
    conductivity: NDArray[np.float64],
    times: Sequence[float],
    sides: Sequence[tuple[Any, ...]],
    *,
    extent: Sequence[float],
    source: NDArray[np.float64] | None,
    step: float | None,
    tolerance: float | None,
    progress: _Progress | None,
) -> NDArray[np.float64]: ...
def helmholtz(
    k: NDArray[np.float64],
    f: NDArray[np.complex128],
    spacing: float,
    edges: Sequence[Sequence[tuple[str, int]]],
    *,
    tolerance: float | None,
) -> NDArray[np.complex128]: ...
def poisson(
    f: NDArray[np.float64],
    sides: Sequence[tuple[Any, ...]],
    *,
    extent: Sequence[float],
    spectral: bool,
    project: bool,
) -> NDArray[np.float64]: ...
def wave(
    u0: NDArray[np.float64],
    speed: float,
    field: NDArray[np.float64] | None,
    times: Sequence[float],
    ends: Sequence[tuple[str, str]],
    *,
    extent: Sequence[float],
    step: float | None,
    courant: float,
    progress: _Progress | None,
) -> NDArray[np.float64]: ...
def eikonal(
    speed: NDArray[np.float64],
    *,
    extent: Sequence[float],
    points: Sequence[Sequence[float]] | None,
    times: NDArray[np.float64] | None,
) -> NDArray[np.float64]: ...
def cavity(
    k: NDArray[np.float64],
    f: NDArray[np.float64],
    spacing: float,
    flux: Sequence[Sequence[NDArray[np.float64]]],
) -> NDArray[np.float64]: ...
def burgers(
    u0: NDArray[np.float64],
    viscosity: float,
    times: Sequence[float],
    *,
    length: float,
    tolerance: float | None,
    step: float | None,
    progress: _Progress | None,
) -> NDArray[np.float64]: ...
def evolve(
    equation: str,
    u0: NDArray[np.float64],
    times: Sequence[float],
    settings: dict[str, Any],
    *,
    progress: _Progress | None,
) -> NDArray[np.float64]: ...
def generate(file: _Path | None, changes: dict[str, Any], progress: _Progress | None) -> Any: ...
def generate_toml(spec: str) -> Any: ...
def merge(output: _Path, shards: Sequence[_Path], replace: bool, progress: _Progress | None) -> Any: ...
def sample_count(file: _Path | None, changes: dict[str, Any]) -> int: ...
def shard_specs(
    file: _Path | None, changes: dict[str, Any], count: int, on_one_thread: bool
) -> tuple[Any, list[tuple[str, Any]]]: ...
def convert(
    data: dict[str, Any], output: _Path, format: str | None, replace: bool, progress: _Progress | None
) -> int: ...
def describe(path: _Path, statistics: bool, progress: _Progress | None) -> str: ...
def verify(path: _Path, remake: int, progress: _Progress | None) -> tuple[str, str]: ...
def check_architecture(name: str, architecture: dict[str, Any]) -> str: ...
@final
class Dataset:
    @staticmethod
    def open(options: dict[str, Any]) -> Dataset: ...
    @staticmethod
    def from_arrays(input: NDArray[Any], target: NDArray[Any], single: bool) -> Dataset: ...
    def __len__(self) -> int: ...
    def info(self) -> str: ...
    def shape(self, name: str) -> list[int]: ...
    def axes(self, name: str) -> list[tuple[str, NDArray[np.float64]]]: ...
    def read(self, name: str, indices: Sequence[int] | None) -> NDArray[Any]: ...
    def residuals(self) -> NDArray[np.float64] | None: ...
    def sample_numbers(self) -> NDArray[np.uint64] | None: ...
    def parameters(self) -> list[tuple[str, NDArray[np.float64]]]: ...
    def select(self, indices: Sequence[int]) -> Dataset: ...
    def shuffled(self, seed: int) -> Dataset: ...
    def split_at(self, count: int) -> tuple[Dataset, Dataset]: ...
    def split_fraction(self, fraction: float) -> tuple[Dataset, Dataset]: ...
    def subsample(self, stride: int, axis: str | None = None) -> Dataset: ...
    def to_memory(self) -> Dataset: ...
    def save_npz(self, path: _Path) -> None: ...
    def save(self, path: _Path, format: str | None, replace: bool) -> None: ...

@final
class Surrogate:
    @staticmethod
    def create(
        name: str, architecture: dict[str, Any], normalise: dict[str, Any], data: Dataset, seed: int
    ) -> Surrogate: ...
    @staticmethod
    def load(path: _Path) -> Surrogate: ...
    def save(self, path: _Path) -> None: ...
    def fit(
        self, train: Dataset, validation: Dataset | None, options: dict[str, Any], progress: _Progress | None
    ) -> None: ...
    def history(self) -> str: ...
    def predict(self, input: NDArray[np.float32], batch: int) -> NDArray[np.float32]: ...
    def evaluate(self, data: Dataset, batch: int, progress: _Progress | None) -> tuple[str, str]: ...
    def model(self) -> str: ...
    def architecture(self) -> str: ...
    def parameters(self) -> int: ...
    def data(self) -> str: ...
