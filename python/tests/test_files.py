"""Files of any format: converted, described and verified."""

import pathlib

import numpy as np
import pytest

import sobolev

SPEC = {"equation": "burgers", "samples": 4, "seed": 2, "settings": {"size": 16, "solve_size": 1024}}


@pytest.fixture
def data(tmp_path: pathlib.Path) -> sobolev.Dataset:
    return sobolev.generate(SPEC, tmp_path / "b.h5", progress=False)


def test_samples_go_to_an_archive_and_back(tmp_path: pathlib.Path, data: sobolev.Dataset) -> None:
    assert sobolev.convert(tmp_path / "b.h5", tmp_path / "b.npz", samples="1..3") == 2
    with np.load(tmp_path / "b.npz") as archive:
        np.testing.assert_array_equal(archive["input"], data[1:3].input)
        np.testing.assert_array_equal(archive["target"], data[1:3].target)
    with pytest.raises(sobolev.ArgumentError, match="not there yet"):
        sobolev.convert(tmp_path / "b.h5", tmp_path / "b.npz")
    assert sobolev.convert(data[:3], tmp_path / "b.npz", replace=True) == 3
    data.save(tmp_path / "archive", format="npz")
    with np.load(tmp_path / "archive") as archive:
        np.testing.assert_array_equal(archive["input"], data.input)
    with pytest.raises(sobolev.ArgumentError, match="format"):
        sobolev.convert(data, tmp_path / "b.xyz")


def test_a_file_is_described(tmp_path: pathlib.Path, data: sobolev.Dataset) -> None:
    found = sobolev.describe(tmp_path / "b.h5", statistics=True)
    assert found["format"] == "sobolev"
    assert [array["name"] for array in found["arrays"]] == ["input", "target"]
    assert found["arrays"][0]["shape"] == [4, 16, 1]
    [statistics] = found["arrays"][1]["statistics"]
    assert statistics["count"] == 64 and abs(statistics["mean"] - data.target.mean(dtype=np.float64)) < 1e-6
    assert not sobolev.describe(tmp_path / "b.h5")["arrays"][0]["statistics"]


def test_a_file_is_verified(tmp_path: pathlib.Path, data: sobolev.Dataset) -> None:
    found = sobolev.verify(tmp_path / "b.h5", remake=2)
    assert found.is_sound and found.checksums and found.samples == len(data)
    assert found.remade == [(0, 0.0), (3, 0.0)]
    assert "all is well" in str(found)
    with pytest.raises(sobolev.DataError):
        sobolev.verify(tmp_path / "missing.h5")
