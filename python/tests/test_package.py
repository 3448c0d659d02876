"""The package as a whole: what it says of itself, what importing it costs, and that its examples are true."""

import doctest
import importlib
import pickle
import pkgutil
import subprocess
import sys
from importlib.metadata import version

import pytest

import sobolev


def test_the_native_module_and_the_package_have_one_version() -> None:
    assert sobolev.__version__ == version("sobolev")


def test_importing_prints_nothing_and_leaves_heavy_packages_alone() -> None:
    program = (
        "import sys, sobolev\n"
        "heavy = {'matplotlib', 'scipy', 'tqdm', 'h5py', 'torch', 'jax', 'xarray', 'pandas'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def modules() -> list[str]:
    names = [module.name for module in pkgutil.iter_modules(sobolev.__path__, "sobolev.")]
    return ["sobolev", *(name for name in names if not name.endswith("._core"))]


@pytest.mark.parametrize("name", modules())
def test_examples_in_the_documentation_are_true(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_everything_public_is_listed_and_documented() -> None:
    for name in sobolev.__all__:
        assert getattr(sobolev, name).__doc__, name
    public = {name for name in vars(sobolev) if not name.startswith("_")}
    assert public == set(sobolev.__all__) - {"__version__"}


def test_lists_have_names_and_texts() -> None:
    for listing in (sobolev.equations(), sobolev.fields(), sobolev.models(), sobolev.formats(), sobolev.activations()):
        assert len(listing) == len(list(listing)) > 0
        for name, texts in listing.items():
            assert name in repr(listing) and texts and all(texts.values())
    assert {"burgers", "darcy"} <= set(sobolev.equations())
    assert sobolev.models().settings("fno")["width"]["default"] == "32"
    assert "stride" in sobolev.equations().settings("darcy")


def test_errors_are_pickled_with_their_numbers() -> None:
    error = sobolev.ConvergenceError("left", iterations=3, residual=0.5, tolerance=1e-8)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.iterations, again.residual) == ("left", 3, 0.5)
    assert issubclass(sobolev.ShapeError, ValueError) and issubclass(sobolev.CheckpointError, OSError)
