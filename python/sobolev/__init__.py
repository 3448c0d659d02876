"""Learn the solution operators of partial differential equations.

Numerical solvers make the data, neural operators learn from it, and the trained surrogates answer:

>>> import sobolev
>>> data = sobolev.generate({"equation": "darcy", "samples": 500, "settings": {"size": 64}}, "darcy.h5")  # doctest: +SKIP
>>> train, test = data.split(400)                                                                        # doctest: +SKIP
>>> model = sobolev.FNO(2, modes=12, width=32).fit(train, validation=test, epochs=50)                    # doctest: +SKIP
>>> model.evaluate(test)                                                                                 # doctest: +SKIP

========================  ==========================================================================================
:mod:`sobolev.solvers`    solvers, one function an equation
:mod:`sobolev.multigrid`  multigrid for any stencil, and for elliptic problems with any condition on each side
:func:`random_field`      Gaussian random fields, the same function at every resolution
:func:`generate`          data sets in HDF5 files, resumable, made in parallel, on many machines with a Dask client
:func:`merge`             shards of a data set, joined to one file
:func:`convert` ..        files of any format converted, described (:func:`describe`) and verified (:func:`verify`)
:class:`Dataset`          samples in a file or in memory, and parts of them
:class:`FNO`              the Fourier neural operator, with ``fit`` and ``predict``
:func:`load`              a trained model from its checkpoint
:mod:`sobolev.plot`       pictures (needs matplotlib)
:func:`equations` ..      what there is to choose from: equations, fields, models, activations, formats
========================  ==========================================================================================

Arrays are channels-last: ``[batch, space.., channel]``; trajectories ``[batch, time, space.., channel]``. Solvers take and
return arrays without a channel axis where a system has one component. Exceptions are subclasses of :class:`SobolevError`.
"""

from sobolev import multigrid as multigrid
from sobolev import plot as plot
from sobolev import solvers as solvers
from sobolev._core import __version__ as __version__
from sobolev._dataset import Dataset as Dataset
from sobolev._dataset import generate as generate
from sobolev._dataset import merge as merge
from sobolev._errors import ArgumentError as ArgumentError
from sobolev._errors import CheckpointError as CheckpointError
from sobolev._errors import ConvergenceError as ConvergenceError
from sobolev._errors import DataError as DataError
from sobolev._errors import DivergenceError as DivergenceError
from sobolev._errors import NotFittedError as NotFittedError
from sobolev._errors import ShapeError as ShapeError
from sobolev._errors import SobolevError as SobolevError
from sobolev._errors import TrainingError as TrainingError
from sobolev._evaluation import Evaluation as Evaluation
from sobolev._evaluation import Measure as Measure
from sobolev._files import Verification as Verification
from sobolev._files import convert as convert
from sobolev._files import describe as describe
from sobolev._files import verify as verify
from sobolev._lists import Listing as Listing
from sobolev._lists import activations as activations
from sobolev._lists import equations as equations
from sobolev._lists import fields as fields
from sobolev._lists import formats as formats
from sobolev._lists import models as models
from sobolev._models import FNO as FNO
from sobolev._models import Model as Model
from sobolev._models import load as load
from sobolev._random_field import random_field as random_field

__all__ = [
    "FNO",
    "ArgumentError",
    "CheckpointError",
    "ConvergenceError",
    "DataError",
    "Dataset",
    "DivergenceError",
    "Evaluation",
    "Listing",
    "Measure",
    "Model",
    "NotFittedError",
    "ShapeError",
    "SobolevError",
    "TrainingError",
    "Verification",
    "__version__",
    "activations",
    "convert",
    "describe",
    "equations",
    "fields",
    "formats",
    "generate",
    "load",
    "merge",
    "models",
    "multigrid",
    "plot",
    "random_field",
    "solvers",
    "verify",
]
