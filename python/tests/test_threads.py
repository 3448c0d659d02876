"""Other Python threads run while the library works."""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import waves

import sobolev

#: Seconds that the other thread sleeps between two ticks, much less than any of the calls takes.
PAUSE = 0.0005
#: A thread that gets the interpreter only before and after a call ticks at most so often during it.
AROUND = 2


@contextmanager
def ticking() -> Iterator[Callable[[], int]]:
    """Another thread counts as long as it gets the interpreter; the answer asks how far it came."""
    ticks, over = 0, threading.Event()

    def count() -> None:
        nonlocal ticks
        while not over.is_set():
            time.sleep(PAUSE)
            ticks += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield lambda: ticks
    finally:
        over.set()
        thread.join()


def ticks_during(work: Callable[[], Any]) -> int:
    with ticking() as now:
        first = now()
        work()
        return now() - first


def test_a_call_that_keeps_the_interpreter_stops_the_other_thread() -> None:
    """What the test below would see of a solver that does not let go."""
    assert ticks_during(lambda: ctypes.PyDLL(None).usleep(200_000)) <= AROUND


A = np.exp(sobolev.random_field((512, 512), preset="darcy", samples=6))
U0 = np.sin(2 * np.pi * np.arange(1024) / 1024)
SPEC = {"equation": "burgers", "samples": 60, "settings": {"size": 256}}


LARGE = np.ones((64, 512, 512), dtype=np.float32)
DATA = sobolev.Dataset.from_arrays(LARGE, LARGE, dimensions=2)


@pytest.mark.parametrize(
    "work",
    [
        lambda model, folder: sobolev.solvers.darcy(A, tolerance=1e-12),
        lambda model, folder: sobolev.solvers.darcy(np.tile(A[0], (2, 2)), tolerance=1e-12),
        lambda model, folder: sobolev.solvers.burgers(U0, 1e-3, [0.2], step=2e-5),
        lambda model, folder: sobolev.random_field((256, 256), sigma=1.0, tau=3.0, alpha=2.0, samples=60),
        lambda model, folder: sobolev.generate(SPEC, folder / "b.h5", replace=True, progress=False),
        lambda model, folder: sobolev.FNO(1, 12, 32).fit(*waves(256, 40), epochs=3, progress=False),
        lambda model, folder: model.predict(np.ones((2000, 1024))),
        lambda model, folder: model.evaluate(*waves(1024, 2000)),
        lambda model, folder: sobolev.Dataset.from_arrays(LARGE.T, LARGE.T),
        lambda model, folder: DATA.to_memory(),
        lambda model, folder: DATA.input,
        lambda model, folder: DATA.save_npz(folder / "b.npz"),
    ],
    ids=[
        "darcy", "one darcy", "burgers", "random_field", "generate", "fit", "predict", "evaluate",
        "from_arrays", "to_memory", "input", "npz"
    ],
)  # fmt: skip
def test_the_other_thread_goes_on(work: Callable[..., Any], model: sobolev.FNO, tmp_path: Path) -> None:
    # Several calls: on a busy machine the other thread may sleep through a short one.
    assert any(ticks_during(lambda: work(model, tmp_path)) > 2 * AROUND for _ in range(10))
