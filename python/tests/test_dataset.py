"""Data sets: generation, parts, other programs' files, and what h5py sees."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
from conftest import on_a_full_disk

import sobolev
from sobolev import _core

SPEC = {"equation": "burgers", "samples": 6, "seed": 2, "settings": {"size": 32, "solve_size": 64, "viscosity": 0.05}}


def attributes(group: h5py.Group) -> dict[str, object]:
    found: dict[str, object] = dict(group.attrs)
    group.visititems(lambda name, item: found.update({f"{name}/{key}": item.attrs[key] for key in item.attrs}))
    return found


def test_h5py_reads_the_samples_and_what_the_file_says_of_itself(darcy_data: sobolev.Dataset) -> None:
    with h5py.File(darcy_data.info["path"]) as file:
        arrays: list[np.ndarray] = []
        file.visititems(lambda _, item: arrays.append(item[...]) if isinstance(item, h5py.Dataset) else None)
        text = " ".join(str(value) for value in attributes(file).values())
    for side in (darcy_data.input, darcy_data.target):
        assert any(array.shape == side.shape and np.array_equal(array, side) for array in arrays)
    for words in ("darcy", "-div(a grad u) = f", "u = 0", "piecewise", "tolerance", "Philox"):
        assert words in text, words


def test_targets_are_the_solutions_of_their_inputs(darcy_data: sobolev.Dataset) -> None:
    solved = sobolev.solvers.darcy(darcy_data.input[..., 0])
    # The targets are rounded to single precision.
    assert np.allclose(darcy_data.target[..., 0], solved, rtol=1e-6, atol=1e-8)
    assert set(np.unique(darcy_data.input)) == {3.0, 12.0}
    assert darcy_data.residuals is not None and darcy_data.residuals.max() <= 1e-9


def test_a_sample_is_one_field_on_all_grids_that_show_its_waves(tmp_path: Path) -> None:
    def inputs(cells: int, **settings: int) -> sobolev.Dataset:
        spec = {"equation": "darcy", "samples": 8, "settings": {"size": cells, **settings}}
        return sobolev.generate(spec, tmp_path / "grid.h5", replace=True, progress=False)

    # The centre of a cell is that of the middle one of three finer cells.
    coarse = inputs(16, modes=15).input
    assert np.array_equal(inputs(48, modes=15).subsample(3).input, coarse)
    assert not np.array_equal(inputs(48).subsample(3).input, coarse)


def test_a_resumed_file_has_the_same_bits(tmp_path: Path) -> None:
    whole = sobolev.generate(SPEC, tmp_path / "whole.h5", progress=False)
    again = sobolev.generate(SPEC, tmp_path / "whole.h5", resume=True, progress=False)
    tail = sobolev.generate({**SPEC, "samples": "4..6"}, tmp_path / "tail.h5", progress=False)
    assert np.array_equal(whole.target, again.target)
    assert np.array_equal(tail.target, whole.target[4:])
    resolved = (tmp_path / "whole.h5.toml").read_text()
    assert "viscosity = 0.05" in resolved
    fresh = sobolev.generate(tmp_path / "whole.h5.toml", tmp_path / "toml.h5", progress=False)
    assert np.array_equal(fresh.input, whole.input)


def test_parts_are_those_of_the_arrays(darcy_data: sobolev.Dataset) -> None:
    data = darcy_data
    assert len(data) == 12 and data.input_shape == (24, 24, 1) == data.target_shape
    x, y = data[-1]
    assert np.array_equal(x, data.input[11]) and np.array_equal(y, data.target[11])
    assert np.array_equal(data[2:8:3].input, data.input[2:8:3])
    assert np.array_equal(data[[5, 1]].target, data.target[[5, 1]])
    assert len(data[np.arange(12) % 2 == 0]) == 6
    assert sum(1 for _ in data) == 12
    with pytest.raises(IndexError):
        data[12]
    train, test = data.split(8)
    assert np.array_equal(test.input, data.input[8:]) and len(train) == 8
    first, second = data.split(0.25, seed=1)
    numbers = sorted(float(x.sum()) for part in (first, second) for x in part.target)
    assert len(first) == 3 and numbers == sorted(float(x.sum()) for x in data.target)
    assert np.array_equal(data.shuffled(1)[:3].input, first.input)
    coarse = data.subsample(3)
    assert np.array_equal(coarse.input, data.input[:, 1::3, 1::3])
    assert np.allclose(coarse.coordinates()["x1"], data.coordinates()["x1"][1::3])
    assert np.array_equal(data.subsample(3, axis="x2").to_memory().target, data.target[:, :, 1::3])


def test_trajectories_have_their_time_axis_before_space(tmp_path: Path) -> None:
    spec = {**SPEC, "settings": {**SPEC["settings"], "frames": 3, "time": 0.6}}
    data = sobolev.generate(spec, tmp_path / "b.h5", progress=False)
    assert data.target_shape == (3, 32, 1)
    assert np.allclose(data.coordinates("target")["time"], [0.2, 0.4, 0.6])


def test_npz_holds_the_samples(darcy_data: sobolev.Dataset, tmp_path: Path) -> None:
    darcy_data.save_npz(tmp_path / "d.npz")
    with np.load(tmp_path / "d.npz") as archive:
        assert np.array_equal(archive["target"], darcy_data.target)
        assert b"tolerance = 0.000000001" in bytes(archive["settings_toml"])
    assert [file.name for file in tmp_path.iterdir()] == ["d.npz"]
    with pytest.raises(sobolev.DataError, match="missing/d.npz"):
        darcy_data.save_npz(tmp_path / "missing" / "d.npz")
    with pytest.raises(sobolev.DataError, match=str(tmp_path)):
        darcy_data.save_npz(tmp_path)
    back = sobolev.Dataset.open(tmp_path / "d.npz", dimensions=2)
    assert np.array_equal(back.input, darcy_data.input)


@pytest.mark.parametrize("names", [("coeff", "sol"), ("a", "u")])
def test_matlab_files_of_published_data_are_read(names: tuple[str, str], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    a, u = generator.normal(size=(2, 5, 7, 9))
    scipy.io.savemat(tmp_path / "data.mat", {names[0]: a, names[1]: u})
    data = sobolev.Dataset.open(tmp_path / "data.mat", stride=2)
    assert np.array_equal(data.input[..., 0], a.astype(np.float32)[:, ::2, ::2])
    assert np.array_equal(data.target[..., 0], u.astype(np.float32)[:, ::2, ::2])


def test_arrays_keep_their_precision_and_any_layout() -> None:
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(4, 6, 5)))
    data = sobolev.Dataset.from_arrays(x, 2 * x, dimensions=2)
    assert data.input.dtype == np.float64 and np.array_equal(data.input[..., 0], x)
    assert np.array_equal(data.target[..., 0], 2 * x)
    single = sobolev.Dataset.from_arrays(x.astype(np.float16)[:, ::-1], x[..., :1])
    assert single.input.dtype == np.float32 and single.target_shape == (6, 1)


def test_a_data_set_introduces_itself(darcy_data: sobolev.Dataset) -> None:
    text = repr(darcy_data)
    for words in ("darcy: -div(a grad u) = f", "12, seed 5", "24 points", "u = 0", "tolerance = 1e-9"):
        assert words in text
    assert darcy_data.info["seed"] == 5


X = np.ones((3, 8))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sobolev.Dataset.from_arrays(X, X[:2]), "3 samples as in the input"),
        (lambda: sobolev.Dataset.from_arrays(X[:0], X[:0]), "got [0, 8, 1]; an axis is empty"),
        (lambda: sobolev.Dataset.from_arrays(X * np.nan, X), "input: expected finite values, got NaN"),
        (lambda: sobolev.Dataset.from_arrays(X.astype("f4"), X * 1e300), "target: expected finite values, got inf"),
        (lambda: sobolev.Dataset.from_arrays(X, X, dimensions=2), "input: expected [batch, x1, x2, channels]"),
        (lambda: sobolev.Dataset.from_arrays(X, X).split(3), "split: expected 1 to 2 of 3 samples, got 3"),
        (lambda: sobolev.Dataset.from_arrays(X, X).split(1.5), "between 0 and 1"),
        (lambda: sobolev.Dataset.from_arrays(X, X).subsample(3), "stride: expected a stride that keeps the grid of 8 points of x1, got 3"),
        (lambda: sobolev.Dataset.from_arrays(X, X).subsample(2, axis="y"), "axis: expected one of x1"),
        (lambda: sobolev.generate({"equation": "burger"}, "x.h5"), "did you mean \"burgers\"?"),
        (lambda: sobolev.generate({**SPEC, "sed": 1}, "x.h5"), "sed"),
        (lambda: sobolev.generate({**SPEC, "settings": {"sise": 3}}, "x.h5"), "sise"),
        (lambda: sobolev.generate({**SPEC, "settings": {"viscosity": -1}}, "x.h5"), "viscosity: expected a positive"),
        (lambda: sobolev.generate({**SPEC, "settings": {"size": object()}}, "x.h5"), "size: expected a number"),
        (lambda: sobolev.generate({**SPEC, "samples": 0}, "x.h5"), "samples: expected a range that is not empty, got 0"),
        (lambda: sobolev.generate(SPEC), "missing field `output`"),
        (lambda: sobolev.generate(SPEC, "x.h5", resume=True, replace=True), "resume: expected either resume or replace, got both"),
    ],
)
def test_bad_arguments_are_named(call, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sobolev.ArgumentError) as caught:
        call()
    assert words in str(caught.value)
    assert not (tmp_path / "x.h5").exists()


def test_files_that_are_not_data_sets_are_told_apart(darcy_data: sobolev.Dataset, tmp_path: Path) -> None:
    content = Path(darcy_data.info["path"]).read_bytes()
    (tmp_path / "truncated.h5").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.h5").write_text("once upon a time")
    (tmp_path / "empty.h5").write_bytes(b"")
    damaged = bytearray(content)
    damaged[96:4096] = bytes(4000)
    (tmp_path / "damaged.h5").write_bytes(damaged)
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["weights"] = np.ones(3)
    for name, words in [
        ("missing.h5", "not found"),
        ("truncated.h5", "truncated"),
        ("text.h5", "not an HDF5 file"),
        ("empty.h5", "empty"),
        ("damaged.h5", "damaged: "),
        ("foreign.h5", "weights"),
    ]:
        with pytest.raises(sobolev.DataError) as caught:
            sobolev.Dataset.open(tmp_path / name)
        assert words in str(caught.value) and name in str(caught.value)
        assert isinstance(caught.value, OSError)


def test_a_file_is_not_overwritten_unless_asked(darcy_data: sobolev.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "b.h5"
    sobolev.generate(SPEC, path, progress=False)
    before = path.read_bytes()
    with pytest.raises(sobolev.DataError, match="exists already"):
        sobolev.generate(SPEC, path, progress=False)
    with pytest.raises(sobolev.DataError, match="seed: file 2, asked 3"):
        sobolev.generate({**SPEC, "seed": 3}, path, resume=True, progress=False)
    assert path.read_bytes() == before
    assert len(sobolev.generate({**SPEC, "samples": 2}, path, replace=True, progress=False)) == 2


def test_a_full_disk_is_noticed_before_anything_is_solved(tmp_path: Path) -> None:
    path = tmp_path / "full.h5"
    words = on_a_full_disk(f'sobolev.generate({SPEC | {"samples": 400}!r}, r"{path}", progress=False)', 60_000)
    assert "cannot write: File too large; 0 of 400 samples are finished" in words and "full.h5" in words
    assert not path.exists()


def test_a_disk_that_fills_up_later_leaves_the_finished_samples(tmp_path: Path) -> None:
    path = tmp_path / "part.h5"
    spec = SPEC | {"samples": 500, "settings": {"size": 256, "solve_size": 512}}
    whole = sobolev.generate(spec, tmp_path / "whole.h5", progress=False)

    def stop(done: int, total: int, note: str) -> None:
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _core.generate(None, {**spec, "threads": 1, "output": str(path)}, stop)
    begun = len(sobolev.Dataset.open(path, finished=True))
    assert 0 < begun < 400
    # The file has its full length already; the limit makes writing to its end fail.
    limit = path.stat().st_size * 9 // 10
    words = on_a_full_disk(f'sobolev.generate({spec!r}, r"{path}", resume=True, progress=False)', limit)
    told = re.search(r"cannot write: File too large; (\d+) of 500 samples are finished and readable", words)
    assert told is not None, words
    with pytest.raises(sobolev.DataError, match="unfinished"):
        sobolev.Dataset.open(path)
    part = sobolev.Dataset.open(path, finished=True)
    assert len(part) == int(told[1]) and begun <= len(part) < 500
    with h5py.File(path) as file:
        numbers = np.flatnonzero(file["finished"][...])
    assert np.array_equal(part.input, whole.input[numbers]) and np.array_equal(part.target, whole.target[numbers])
    del part
    resumed = sobolev.generate(spec, path, resume=True, progress=False)
    assert np.array_equal(resumed.target, whole.target)


def test_an_archive_that_does_not_fit_the_disk_leaves_the_older_one(darcy_data: sobolev.Dataset, tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    darcy_data[:2].save_npz(path)
    before = path.read_bytes()
    words = on_a_full_disk(f'sobolev.Dataset.open(r"{darcy_data.info["path"]}").save_npz(r"{path}")', 20_000)
    assert "File too large" in words and f"{path}: cannot write" in words
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_part_without_samples_is_a_data_set(darcy_data: sobolev.Dataset) -> None:
    empty = darcy_data[:0]
    assert len(empty) == 0 == len(list(empty)) and empty.target.shape == (0, 24, 24, 1)
    assert empty.to_memory().input.shape == (0, 24, 24, 1)
    assert "samples    0" in repr(empty)
    with pytest.raises(sobolev.ArgumentError, match="split: expected"):
        empty.split(1)
