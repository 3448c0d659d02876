"""Progress bars, drawn by tqdm when it is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[int, int, str], None]


class Bar:
    """A bar that the native module calls with the work done and the work in all; it may be hidden."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    @property
    def callback(self) -> Progress | None:
        """What the native module calls; nothing for a hidden bar."""
        return None if self._bar is None else self._update

    def _update(self, done: int, total: int, note: str) -> None:
        self._bar.total = total
        self._bar.n = done
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.refresh()


@contextmanager
def progress_bar(show: bool, description: str, unit: str) -> Iterator[Bar]:
    """A bar on standard error, in terminals and notebooks; hidden elsewhere, or without tqdm."""
    if not show or not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        yield Bar(None)
        return
    try:
        from tqdm import tqdm
    except ImportError:
        yield Bar(None)
        return
    with tqdm(desc=description, unit=f" {unit}", leave=False, dynamic_ncols=True) as bar:
        yield Bar(bar)
