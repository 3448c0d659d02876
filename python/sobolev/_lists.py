"""What there is to choose from: the visible lists of the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sobolev import _core


class Listing(Mapping[str, Mapping[str, str]]):
    """Names and what is said of each; printed as text.

    Examples
    --------
    >>> import sobolev
    >>> sobolev.equations()["burgers"]["formula"]
    'u_t + (u^2/2)_x = nu u_xx'
    """

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        self._entries = {
            entry["name"]: {key: text for key, text in entry.items() if key not in ("name", "settings") and text}
            for entry in entries
        }
        self._settings = {entry["name"]: entry.get("settings", []) for entry in entries}

    def settings(self, name: str) -> Listing:
        """The settings of an entry, each with its default as written in TOML and what it means.

        Raises
        ------
        KeyError
            When there is no such entry.

        Examples
        --------
        >>> import sobolev
        >>> sobolev.equations().settings("burgers")["viscosity"]["default"]
        '0.1'
        """
        return Listing(self._settings[name])

    def __getitem__(self, name: str) -> Mapping[str, str]:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        lines = []
        for name, texts in self._entries.items():
            lines.append(name)
            lines.extend(f"  {key:<10} {text}" for key, text in texts.items())
        return "\n".join(lines)


def equations() -> Listing:
    """Equations that :func:`generate` makes data sets of: formula, summary, method, source; ``.settings(name)`` has the settings."""
    return Listing(_core.equations())


def fields() -> Listing:
    """Random fields of published data sets, the presets of :func:`random_field`: summary, source, and the trap in it."""
    return Listing(_core.fields())


def models() -> Listing:
    """Models that can be trained: summary and source; ``.settings(name)`` has the settings."""
    return Listing(_core.models())


def formats() -> Listing:
    """File formats of other programs that :meth:`Dataset.open` reads: summary and usual extensions."""
    return Listing(_core.formats())


def activations() -> Listing:
    """Activations that a model can have: formula, what it is good for, source."""
    return Listing(_core.activations())
