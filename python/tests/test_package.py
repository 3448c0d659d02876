"""The package as a whole: what it says of itself, and what importing it costs."""

import subprocess
import sys
from importlib.metadata import version

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
