"""Data sets: solved samples in a file or in memory, and their generation."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from sobolev import _core
from sobolev._arrays import as_array, real_array, shape_error, value_error
from sobolev._progress import progress_bar
from sobolev._scalars import LARGEST_SEED, file_path, integer, optional_integer, word
from sobolev._shards import generate_shards

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Samples = NDArray[Any]


class Dataset:
    """Samples of an operator, each an input field and a target field on a grid.

    Arrays are ``[samples, space.., channels]`` in the precision they are stored in; trajectories have their time axis
    before the grid. Parts (slices, :meth:`split`, :meth:`shuffled`, :meth:`subsample`) are cheap: samples stay where they
    are until they are read.

    Made by :func:`generate`, :meth:`open` or :meth:`from_arrays`.

    Examples
    --------
    >>> import numpy as np, sobolev
    >>> x = np.random.default_rng(0).normal(size=(10, 9))
    >>> data = sobolev.Dataset.from_arrays(x, x**2)
    >>> train, test = data.split(8, seed=7)
    >>> len(train), test.input.shape, test.subsample(2).target.shape
    (8, (2, 9, 1), (2, 5, 1))
    """

    def __init__(self, native: _core.Dataset) -> None:
        self._native = native

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        finished: bool = False,
        samples: str | int | None = None,
        stride: int = 1,
        input: str | None = None,
        target: str | None = None,
        target_path: str | os.PathLike[str] | None = None,
        dimensions: int | None = None,
    ) -> Dataset:
        """Open a data set of this library, or read a file of another program (see :func:`formats`).

        Parameters
        ----------
        path
            The file. Its content decides what it is, not its name.
        finished
            Take the finished samples of a data set whose generation was interrupted, instead of refusing it.
        samples
            Positions such as ``"0..100"``, or so many from the first on.
        stride
            Keep every so-manieth grid point along all axes but time.
        input, target
            Names of the arrays in another program's file; the pairs that published data use are found without.
        target_path
            The file with the targets, when it is another one.
        dimensions
            Number of grid axes of another program's arrays, where the shapes leave it open.

        Raises
        ------
        DataError
            If the file is missing, truncated, damaged, unfinished or of no known format.
        """
        options = {
            "path": file_path("path", path),
            "finished": bool(finished),
            "samples": samples if isinstance(samples, str) else optional_integer("samples", samples, least=1),
            "stride": integer("stride", stride, least=1),
            "input": None if input is None else word("input", input),
            "target": None if target is None else word("target", target),
            "target_path": None if target_path is None else file_path("target_path", target_path),
            "dimensions": optional_integer("dimensions", dimensions, least=1),
        }
        return cls(_core.Dataset.open(options))

    @classmethod
    def from_arrays(cls, input: ArrayLike, target: ArrayLike, *, dimensions: int | None = None) -> Dataset:
        """Copy two arrays of equally many samples, in float64 if `input` is float64, else in float32.

        Parameters
        ----------
        input, target
            ``[samples, space.., channels]``; a channel axis of length one may be missing if `dimensions` is given or there
            is only one axis beside the samples.
        dimensions
            Number of grid axes.
        """
        dimensions = optional_integer("dimensions", dimensions, least=1)
        first = as_array("input", input)
        dtype = np.float64 if first.dtype == np.float64 else np.float32
        arrays = [real_array("input", first, dtype), real_array("target", target, dtype)]
        if dimensions is None and min(array.ndim for array in arrays) == 2:
            dimensions = 1
        if dimensions is not None:
            arrays = [
                with_channels(name, array, dimensions)[0] for name, array in zip(("input", "target"), arrays)
            ]
        return cls(_core.Dataset.from_arrays(arrays[0], arrays[1], dtype == np.float32))

    def __len__(self) -> int:
        return len(self._native)

    @overload
    def __getitem__(self, index: int) -> tuple[Samples, Samples]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> Dataset: ...
    def __getitem__(self, index: Any) -> tuple[Samples, Samples] | Dataset:
        """One sample ``(input, target)`` for a number; a part of the data set for a slice, numbers or a mask."""
        chosen = np.arange(len(self))[index]
        if chosen.ndim == 0:
            return self._native.read("input", [int(chosen)])[0], self._native.read("target", [int(chosen)])[0]
        return Dataset(self._native.select(chosen.tolist()))

    def __iter__(self) -> Iterator[tuple[Samples, Samples]]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return repr(self._native)

    @property
    def input(self) -> Samples:
        """All inputs, ``[samples, space.., channels]``; read anew at each use."""
        return self._native.read("input", None)

    @property
    def target(self) -> Samples:
        """All targets, ``[samples, space.., channels]``; read anew at each use."""
        return self._native.read("target", None)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input, ``[space.., channels]``."""
        return tuple(self._native.shape("input"))

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of one target, ``[space.., channels]``."""
        return tuple(self._native.shape("target"))

    def coordinates(self, side: Literal["input", "target"] = "input") -> dict[str, NDArray[np.float64]]:
        """Points of each axis of a side, by its name, in the units of :attr:`info`."""
        return dict(self._native.axes(word("side", side)))

    @property
    def residuals(self) -> NDArray[np.float64] | None:
        """Relative residual or estimated error of the solver for each sample, if the data set was generated."""
        return self._native.residuals()

    @property
    def sample_numbers(self) -> NDArray[np.uint64] | None:
        """Number of each sample under the seed it was made from, if the data set was generated.

        An interrupted generation leaves gaps: samples are solved side by side, and those in flight are lost.
        """
        return self._native.sample_numbers()

    @property
    def parameters(self) -> dict[str, NDArray[np.float64]]:
        """Values of the settings that were drawn for each sample, by their names; empty if all samples share theirs."""
        return dict(self._native.parameters())

    @property
    def info(self) -> dict[str, Any]:
        """All that the data set says of itself: equation, settings, seed, grids, units, version."""
        information: dict[str, Any] = json.loads(self._native.info())
        return information

    def shuffled(self, seed: int = 0) -> Dataset:
        """The same samples in an order that depends on `seed` alone."""
        return Dataset(self._native.shuffled(integer("seed", seed, most=LARGEST_SEED)))

    def split(self, first: int | float, *, seed: int | None = None) -> tuple[Dataset, Dataset]:
        """The first samples and the others: training and test set.

        Parameters
        ----------
        first
            A number of samples, or a fraction between 0 and 1 of them.
        seed
            Shuffle first.
        """
        native = self._native if seed is None else self.shuffled(seed)._native
        if isinstance(first, (float, np.floating)):
            parts = native.split_fraction(float(first))
        else:
            parts = native.split_at(integer("first", first, least=1))
        return Dataset(parts[0]), Dataset(parts[1])

    def subsample(self, stride: int, *, axis: str | None = None) -> Dataset:
        """Every `stride`-th grid point along all axes but time, or along one; coordinates follow."""
        return Dataset(self._native.subsample(integer("stride", stride, least=1), None if axis is None else word("axis", axis)))

    def to_memory(self) -> Dataset:
        """The same samples in memory, without what is not shown."""
        return Dataset(self._native.to_memory())

    def save_npz(self, path: str | os.PathLike[str]) -> None:
        """Write the samples to an uncompressed ``.npz`` archive: `input`, `target`, the points of each axis, settings.

        Raises
        ------
        DataError
            If the archive cannot be written; one that was there before stays.
        """
        self._native.save_npz(file_path("path", path))

    def save(self, path: str | os.PathLike[str], *, format: str | None = None, replace: bool = False) -> None:
        """Write the samples in any format that is written (see :func:`formats`); the ending of `path` decides by default.

        Raises
        ------
        ArgumentError
            For an unknown format, or an ending that no format has.
        DataError
            If the file exists and `replace` is off, cannot be written, or its format has no place for such samples.
        """
        self._native.save(file_path("path", path), None if format is None else word("format", format), bool(replace))


def generate(
    spec: Mapping[str, Any] | str | os.PathLike[str],
    path: str | os.PathLike[str] | None = None,
    *,
    resume: bool = False,
    replace: bool = False,
    progress: bool = True,
    client: Any = None,
    shards: int | None = None,
) -> Dataset:
    """Solve samples of an equation in parallel and write them to an HDF5 data set.

    Sample ``i`` depends on the seed, ``i`` and the settings alone. A run that is interrupted, by Ctrl-C or harder, keeps its
    finished samples, and goes on with ``resume=True`` to the same bits.

    Parameters
    ----------
    spec
        A TOML file or a dictionary: ``equation`` (see :func:`equations`), and optionally ``samples`` (``"0..1000"`` or a
        number), ``seed``, ``settings`` of the equation, ``precision`` (``"f32"`` or ``"f64"``), ``compression`` (``"none"``
        or ``"gzip 4"``), ``threads``. A number in the settings may be drawn for each sample: ``{"uniform": [0.1, 1.0]}``,
        ``{"log-uniform": [low, high]}``, ``{"normal": [mean, deviation]}`` or ``{"choice": [a, b]}``.
    path
        The file to write; the spec's ``output`` by default. The resolved spec is stored beside it as ``PATH.toml``.
    resume
        Go on where an earlier run stopped; a finished file is left as it is, a missing one is made.
    replace
        Make the file anew if it exists.
    progress
        Show a progress bar, if tqdm is installed.
    client
        Run shards elsewhere and merge them: a ``dask.distributed.Client`` or a ``concurrent.futures.Executor``. The workers
        write next to `path`, which must be on a disk that they share. Dask runs a shard whose worker dies elsewhere; an
        executor of processes breaks then, and the same call made again goes on with the shards that are there. The samples
        are those of a run without a client, to the bit. Each shard is solved by one thread unless the spec has ``threads``.
    shards
        How many; four for each thread of a Dask cluster or worker of an executor by default, at most one for each sample.
        Without a client they are made here one after the other, on all threads.

    Returns
    -------
    Dataset
        The data set in the file.

    Raises
    ------
    ArgumentError
        For an unknown equation, key or setting, or one out of range.
    DataError
        If the file exists, is in use, holds other settings or cannot be written.
    ConvergenceError
        If a sample cannot be solved.

    Examples
    --------
    >>> import sobolev, tempfile, os
    >>> spec = {"equation": "darcy", "samples": 4, "seed": 1, "settings": {"size": 32}}
    >>> data = sobolev.generate(spec, os.path.join(tempfile.mkdtemp(), "darcy.h5"), progress=False)
    >>> data.input.shape, data.target.dtype
    ((4, 32, 32, 1), dtype('float32'))
    """
    if resume and replace:
        raise value_error("resume", "either resume or replace", "both")
    changes: dict[str, Any] = dict(spec) if isinstance(spec, Mapping) else {}
    if path is not None:
        changes["output"] = file_path("path", path)
    if resume or replace:
        changes["existing"] = "resume" if resume else "replace"
    file = None if isinstance(spec, Mapping) else file_path("spec", spec)
    if client is not None or shards is not None:
        count = optional_integer("shards", shards, least=1)
        written = generate_shards(file, changes, client, count, replace=replace, progress=progress)
        return Dataset.open(written)
    with progress_bar(progress, "generate", "samples") as bar:
        written = _core.generate(file, changes, bar.callback)
    return Dataset.open(written)


def merge(
    path: str | os.PathLike[str],
    shards: Sequence[str | os.PathLike[str]],
    *,
    replace: bool = False,
    progress: bool = True,
) -> Dataset:
    """Join shards, files of ``generate`` with a ``shard`` in the spec, to the data set that one run would have made.

    Parameters
    ----------
    path
        The file to write.
    shards
        The files of the shards, in any order. They stay.
    replace
        Replace `path` if it exists.
    progress
        Show a progress bar, if tqdm is installed.

    Raises
    ------
    DataError
        If a shard is missing, damaged, unfinished or made with other settings, or samples are missing or there twice.
    """
    files = [file_path("shards", shard) for shard in shards]
    with progress_bar(progress, "merge", "samples") as bar:
        written = _core.merge(file_path("path", path), files, bool(replace), bar.callback)
    return Dataset.open(written)


def as_dataset(role: str, x: ArrayLike | Dataset, y: ArrayLike | None, dimensions: int) -> Dataset:
    """A data set `x` as it is, or one of two arrays with or without channel axis on grids of so many dimensions."""
    if isinstance(x, Dataset) and y is None:
        return x
    if isinstance(x, Dataset) or y is None:
        got = "a Dataset and an array" if isinstance(x, Dataset) else "one array"
        raise value_error(role, "a Dataset, or two arrays (input, target)", got)
    arrays = []
    for side, values in (("input", x), ("target", y)):
        array = real_array(f"{role} {side}", values, np.float32)
        arrays.append(with_channels(f"{role} {side}", array, dimensions)[0])
    return Dataset(_core.Dataset.from_arrays(arrays[0], arrays[1], True))


def with_channels(name: str, array: NDArray[Any], dimensions: int) -> tuple[NDArray[Any], bool]:
    """A view with a channel axis at the end, and whether it was missing."""
    if array.ndim == dimensions + 2:
        return array, False
    if array.ndim == dimensions + 1:
        return array[..., np.newaxis], True
    axes = ", ".join(f"x{axis + 1}" for axis in range(dimensions))
    raise shape_error(name, f"[batch, {axes}, channels] or [batch, {axes}]", array.shape)
