"""Shards: merged files are those of one run, wherever the shards were made."""

import concurrent.futures
import os
import pathlib
import signal
import threading
import time

import numpy as np
import pytest

import sobolev

SPEC = {
    "equation": "burgers",
    "samples": 60,
    "seed": 2,
    "settings": {"size": 64, "solve_size": 4096, "viscosity": {"log-uniform": [0.01, 0.1]}},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of one run."""
    path = tmp_path_factory.mktemp("whole") / "burgers.h5"
    sobolev.generate(SPEC, path, progress=False)
    return path.read_bytes()


def test_drawn_settings_come_with_the_samples(tmp_path: pathlib.Path) -> None:
    spec = {**SPEC, "samples": 5, "settings": {**SPEC["settings"], "solve_size": 1024}}
    data = sobolev.generate(spec, tmp_path / "b.h5", progress=False)
    viscosity = data.parameters["viscosity"]
    assert viscosity.shape == (5,) and np.all((0.01 <= viscosity) & (viscosity <= 0.1))
    np.testing.assert_array_equal(data[2:4].parameters["viscosity"], viscosity[2:4])
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "b.h5") as file:
        np.testing.assert_array_equal(file["parameters/viscosity"], viscosity)


def test_shards_without_a_client_make_the_same_file(tmp_path: pathlib.Path, whole: bytes) -> None:
    data = sobolev.generate(SPEC, tmp_path / "burgers.h5", shards=7, progress=False)
    assert len(data) == 60
    assert (tmp_path / "burgers.h5").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["burgers.h5", "burgers.h5.toml"]
    with pytest.raises(sobolev.DataError, match="exists already"):
        sobolev.generate(SPEC, tmp_path / "burgers.h5", shards=7, progress=False)
    sobolev.generate(SPEC, tmp_path / "burgers.h5", shards=2, resume=True, progress=False)
    sobolev.generate(SPEC, tmp_path / "burgers.h5", shards=2, replace=True, progress=False)
    assert (tmp_path / "burgers.h5").read_bytes() == whole


def test_shards_run_on_an_executor(tmp_path: pathlib.Path, whole: bytes) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        sobolev.generate(SPEC, tmp_path / "burgers.h5", client=executor, progress=False)
    assert (tmp_path / "burgers.h5").read_bytes() == whole


def test_merge_joins_shards_and_names_what_is_missing(tmp_path: pathlib.Path, whole: bytes) -> None:
    for number in (1, 2, 3):
        sobolev.generate({**SPEC, "shard": f"{number}/3"}, tmp_path / "burgers.h5", progress=False)
    shards = sorted(tmp_path.glob("*.shard-*.h5"))
    with pytest.raises(sobolev.DataError, match="samples 20..40 are missing"):
        sobolev.merge(tmp_path / "burgers.h5", [shards[0], shards[2]], progress=False)
    data = sobolev.merge(tmp_path / "burgers.h5", shards, progress=False)
    assert len(data) == 60 and (tmp_path / "burgers.h5").read_bytes() == whole
    assert all(path.exists() for path in shards)


def test_a_wrong_spec_is_told_before_anything_runs(tmp_path: pathlib.Path) -> None:
    with pytest.raises(sobolev.ArgumentError, match="viscosty"):
        sobolev.generate({"equation": "burgers", "settings": {"viscosty": 1.0}}, tmp_path / "b.h5", shards=2)
    with pytest.raises(sobolev.ArgumentError, match="at most as many shards as samples"):
        sobolev.generate({**SPEC, "samples": 3}, tmp_path / "b.h5", shards=4)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_dask_cluster_loses_a_worker_and_not_a_bit(tmp_path: pathlib.Path, whole: bytes) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        killed = threading.Event()

        def kill() -> None:
            """Kill a worker when the first shard is there and others are on their way."""
            while not list(tmp_path.glob("*.shard-*.h5.toml")):
                time.sleep(0.001)
            os.kill(victim, signal.SIGKILL)
            killed.set()

        thread = threading.Thread(target=kill, daemon=True)
        thread.start()
        data = sobolev.generate(SPEC, tmp_path / "burgers.h5", client=client, shards=12, progress=False)
        thread.join()
    assert killed.is_set() and len(data) == 60
    assert (tmp_path / "burgers.h5").read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["burgers.h5", "burgers.h5.toml"]
