"""Learn the solution operators of partial differential equations."""

from sobolev._core import __version__ as __version__

__all__ = ["__version__"]
