"""Files of any format: converted, described and verified."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from sobolev import _core
from sobolev._dataset import Dataset
from sobolev._progress import progress_bar
from sobolev._scalars import file_path, integer, optional_integer, word


def convert(
    source: Dataset | str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    format: str | None = None,
    replace: bool = False,
    samples: str | int | None = None,
    input_frames: int | None = None,
    progress: bool = False,
) -> int:
    """Write the samples of a file, or of a data set, in another format.

    Trajectories of other programs are cut into inputs and targets when they are read, and put together again where the format
    has no such two.

    Parameters
    ----------
    source
        A file of any format that is read (see :func:`formats`), or a data set.
    target
        The file to write; for Zarr a folder. It gets its name when it is whole.
    format
        Name of a format that is written; by default the ending of `target` decides.
    replace
        Replace `target` if it exists.
    samples
        Of a file: positions such as ``"0..100"``, or so many from the first on.
    input_frames
        Of another program's file with trajectories: how many frames are the input, 1 by default.
    progress
        Show a progress bar, if tqdm is installed.

    Returns
    -------
    int
        How many samples were written.

    Raises
    ------
    ArgumentError
        For an unknown format, an ending that no format has, or a file that is there already.
    DataError
        If a file cannot be read or written, or its format has no place for such samples.
    """
    output = file_path("target", target)
    name = None if format is None else word("format", format)
    if isinstance(source, Dataset):
        source.save(output, format=name, replace=replace)
        return len(source)
    data = {
        "path": file_path("source", source),
        "samples": samples if isinstance(samples, str) else optional_integer("samples", samples, least=1),
        "input_frames": optional_integer("input_frames", input_frames, least=1),
    }
    with progress_bar(progress, "convert", "samples") as bar:
        return _core.convert(data, output, name, bool(replace), bar.callback)


def describe(path: str | os.PathLike[str], *, statistics: bool = False, progress: bool = False) -> dict[str, Any]:
    """What a file of any known format holds: format, attributes, and the shape, type and axes of its arrays.

    Parameters
    ----------
    path
        The file.
    statistics
        Read all values once for mean, deviation and extremes of each channel.
    progress
        Show a progress bar, if tqdm is installed.

    Raises
    ------
    DataError
        If the file cannot be read or is of no known format.
    """
    with progress_bar(progress, "describe", "rows") as bar:
        description: dict[str, Any] = json.loads(_core.describe(file_path("path", path), bool(statistics), bar.callback))
    return description


@dataclass(frozen=True)
class Verification:
    """What :func:`verify` found.

    Attributes
    ----------
    samples
        Samples whose values were read.
    checksums
        Whether the file holds checksums, which were recomputed.
    remade
        Samples made again, with the relative distance of each from the stored one: 0 for equal bits.
    not_remade
        Why none were made again; empty when some were.
    invariants
        What the equation keeps, such as ``"mean"``, with the sample of the largest drift, that drift relative to the size
        of the solution, and the drift that scheme and rounding explain.
    problems
        What is wrong, one text each.
    text
        All of it in words.
    """

    samples: int
    checksums: bool
    remade: list[tuple[int, float]]
    not_remade: str
    invariants: dict[str, tuple[int, float, float]]
    problems: list[str]
    text: str

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        return self.text


def verify(path: str | os.PathLike[str], *, remake: int = 3, progress: bool = False) -> Verification:
    """Read all samples of a file: checksums, finite values, invariants, and some samples solved again and compared.

    Parameters
    ----------
    path
        The file.
    remake
        So many samples of a data set of this library are made again from seed, number and settings, spread evenly.
    progress
        Show a progress bar, if tqdm is installed.

    Raises
    ------
    DataError
        If the file cannot be opened or is of no known format. What is wrong with samples is part of the answer instead.
    """
    with progress_bar(progress, "verify", "samples") as bar:
        found, text = _core.verify(file_path("path", path), integer("remake", remake, least=0), bar.callback)
    answer = json.loads(found)
    return Verification(
        samples=answer["samples"],
        checksums=answer["checksums"],
        remade=[(sample, distance) for sample, distance in answer["remade"]],
        not_remade=answer["not_remade"],
        invariants={
            one["quantity"]: (one["sample"], one["drift"], one["tolerance"]) for one in answer["invariants"]
        },
        problems=answer["problems"],
        text=text.strip(),
    )
