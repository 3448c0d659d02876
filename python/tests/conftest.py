"""Small data and a small trained model, made once."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sobolev


def waves(points: int, samples: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """Sine waves of different phases and their derivatives, periodic, `[samples, points]`."""
    phase = np.arange(samples)[:, None] + 2 * np.pi * np.arange(points) / points
    return np.sin(phase), np.cos(phase)


def on_a_full_disk(work: str, limit: int) -> str:
    """The `DataError` of `work` in a process whose files cannot grow beyond so many bytes, as on a full disk."""
    if os.name != "posix":
        pytest.skip("limits on the size of files are a POSIX matter")
    program = f"""
import resource, signal, sobolev
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    {work}
except sobolev.DataError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def darcy_data(tmp_path_factory: pytest.TempPathFactory) -> sobolev.Dataset:
    path = tmp_path_factory.mktemp("data") / "darcy.h5"
    spec = {"equation": "darcy", "samples": 12, "seed": 5, "settings": {"size": 24, "tolerance": 1e-9}}
    return sobolev.generate(spec, path, progress=False)


@pytest.fixture(scope="session")
def model() -> sobolev.FNO:
    fno = sobolev.FNO(1, modes=4, width=8, coordinates="none", seed=3)
    return fno.fit(*waves(32), validation=waves(48, 4), epochs=40, batch=4, learning_rate=1e-2, progress=False)


@pytest.fixture
def checkpoint(model: sobolev.FNO, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    model.save(path)
    return path
