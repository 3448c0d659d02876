"""Progress bars: drawn on terminals, with the right amount of work, and closed however it ends."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tqdm
from conftest import waves

import sobolev

X, Y = waves(16)
A = np.exp(sobolev.random_field((48, 48), preset="darcy", samples=8))
SPEC = {"equation": "darcy", "samples": 5, "settings": {"size": 16}}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Bar(tqdm.tqdm):
    """A bar of tqdm that keeps what it was told."""

    made: list["Bar"] = []

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.told: list[tuple[int, int]] = []
        self.notes: list[str] = []
        self.closed = False
        super().__init__(*arguments, **options)
        Bar.made.append(self)

    def refresh(self, *arguments: Any, **options: Any) -> None:
        self.told.append((self.n, self.total))
        self.notes.append(self.postfix or "")
        super().refresh(*arguments, **options)

    def close(self) -> None:
        self.closed = True
        super().close()


@contextmanager
def standard_error(stream: io.StringIO) -> Iterator[io.StringIO]:
    """Bars go to `stream`. No fixture: pytest puts its own stream back between setting up and calling a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        patch.setattr(tqdm, "tqdm", Bar)
        patch.setattr(Bar, "made", [])
        yield stream


# Name, unit and amount of each kind of work, and the work, given a model and a place for files.
WORK = [
    ("generate", "samples", 5, lambda model, folder, on: sobolev.generate(SPEC, folder / "d.h5", progress=on)),
    # 3 epochs of 16 samples in batches of 4.
    ("fit", "steps", 12, lambda model, folder, on: sobolev.FNO(1, 3, 4).fit(X, Y, epochs=3, batch=4, progress=on)),
    ("evaluate", "samples", 16, lambda model, folder, on: model.evaluate(X, Y, batch=4, progress=on)),
    ("darcy", "samples", 8, lambda model, folder, on: sobolev.solvers.darcy(A, progress=on)),
    ("burgers", "times", 3, lambda model, folder, on: sobolev.solvers.burgers(X, 0.1, [0.1, 0.2, 0.3], progress=on)),
]


@pytest.mark.parametrize(("name", "unit", "total", "work"), WORK, ids=[entry[0] for entry in WORK])
def test_a_bar_is_drawn_with_the_work_done_and_to_do(
    name: str, unit: str, total: int, work: Callable[..., Any], model: sobolev.FNO, tmp_path: Path
) -> None:
    with standard_error(Terminal()) as terminal:
        work(model, tmp_path, True)
        (bar,) = Bar.made
    assert bar.closed
    assert bar.told[-1] == (total, total)
    assert bar.told == sorted(bar.told) and {amount for _, amount in bar.told[1:]} <= {total}
    screen = terminal.getvalue()
    assert f"{name}: 100%" in screen and f"{total}/{total}" in screen and unit in bar.unit


@pytest.mark.parametrize(("name", "unit", "total", "work"), WORK, ids=[entry[0] for entry in WORK])
def test_no_bar_is_drawn_elsewhere_or_when_it_is_not_wanted(
    name: str, unit: str, total: int, work: Callable[..., Any], model: sobolev.FNO, tmp_path: Path
) -> None:
    for stream, on in ((Terminal(), False), (io.StringIO(), True)):
        (tmp_path / "d.h5").unlink(missing_ok=True)
        with standard_error(stream):
            work(model, tmp_path, on)
            assert Bar.made == [] and stream.getvalue() == ""


def test_training_tells_its_losses() -> None:
    with standard_error(Terminal()):
        sobolev.FNO(1, 3, 4).fit(X, Y, validation=(X, Y), epochs=2)
        (bar,) = Bar.made
    assert "epoch 2: loss" in bar.notes[-1] and "validation" in bar.notes[-1]


@pytest.mark.parametrize(
    ("work", "error"),
    [
        (lambda model: sobolev.solvers.darcy(A, tolerance=1e-12, iterations=1, progress=True), sobolev.ConvergenceError),
        (lambda model: sobolev.solvers.darcy(-A, progress=True), sobolev.ArgumentError),
        (lambda model: sobolev.FNO(1, 3, 4).fit(X, Y[:, ::2], epochs=1), sobolev.ArgumentError),
        (lambda model: sobolev.FNO(1, 3, 4).fit(X, Y, learning_rate=1e30, loss="mean-squared"), sobolev.TrainingError),
        (lambda model: model.evaluate(X[:, :4], Y[:, :4], progress=True), sobolev.ArgumentError),
    ],
)
def test_a_bar_is_closed_when_the_work_fails(
    work: Callable[..., Any], error: type[Exception], model: sobolev.FNO
) -> None:
    with standard_error(Terminal()):
        with pytest.raises(error):
            work(model)
        (bar,) = Bar.made
    assert bar.closed


def test_an_error_while_drawing_ends_the_work_and_closes_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise RuntimeError("no more paper")

    monkeypatch.setattr(Bar, "set_postfix_str", break_down)
    with standard_error(Terminal()):
        with pytest.raises(RuntimeError, match="no more paper"):
            sobolev.FNO(1, 3, 4).fit(X, Y, epochs=10_000_000)
        (bar,) = Bar.made
    assert bar.closed


def test_work_goes_on_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with standard_error(Terminal()) as terminal:
        assert sobolev.solvers.darcy(A, progress=True).shape == A.shape
        assert terminal.getvalue() == ""
