"""Models: learnt solution operators with ``fit`` and ``predict``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from sobolev import _core
from sobolev._arrays import real_array, value_error
from sobolev._dataset import Dataset, as_dataset, with_channels
from sobolev._errors import CheckpointError, NotFittedError
from sobolev._evaluation import Evaluation
from sobolev._progress import progress_bar
from sobolev._scalars import each, file_path, integer, number, optional_integer, optional_number

if TYPE_CHECKING:
    from typing_extensions import Self

    from numpy.typing import ArrayLike, NDArray

    Setting = str | Mapping[str, Any]

AnyModel = TypeVar("AnyModel", bound="Model")

#: Samples that are in memory at once when a model answers.
BATCH = 20


class Model:
    """What all models share; a model of the list :func:`models` is a subclass that says what it is made of."""

    _name: str
    _native: _core.Surrogate | None

    def __init__(
        self,
        architecture: dict[str, Any],
        normalise_input: Setting | None,
        normalise_target: Setting | None,
        seed: int,
    ) -> None:
        self._settings = {name: value for name, value in architecture.items() if value is not None}
        _core.check_architecture(self._name, self._settings)
        kinds = {"input": normalise_input, "target": normalise_target}
        self._normalise = {side: kind for side, kind in kinds.items() if kind is not None}
        self._seed = integer("seed", seed)
        self._native = None

    @property
    def dim(self) -> int:
        """Number of grid axes."""
        return len(self._settings["modes"])

    @property
    def settings(self) -> dict[str, Any]:
        """What the model is made of, defaults included; channels are those of the data once it is fitted."""
        if self._native is None:
            text = _core.check_architecture(self._name, self._settings)
        else:
            text = self._native.architecture()
        settings: dict[str, Any] = json.loads(text)
        return settings

    @property
    def parameters(self) -> int:
        """Number of weights of a fitted model, a complex one counted as two."""
        return self._fitted().parameters()

    @property
    def is_fitted(self) -> bool:
        """Whether the model can predict."""
        return self._native is not None

    @property
    def trained_on(self) -> dict[str, Any]:
        """Equation, settings, grids and units of the data behind a fitted model."""
        data: dict[str, Any] = json.loads(self._fitted().data())
        return data

    @property
    def history(self) -> list[dict[str, Any]]:
        """One record an epoch of the last training in this process: losses, learning rate, seconds; an interrupted one too."""
        if self._native is None:
            return []
        records: list[dict[str, Any]] = json.loads(self._native.history())
        return records

    def citation(self) -> str:
        """The publications behind the model."""
        return next(str(entry["source"]) for entry in _core.models() if entry["name"] == self._name)

    def fit(
        self,
        x: ArrayLike | Dataset,
        y: ArrayLike | None = None,
        *,
        epochs: int | None = None,
        validation: Dataset | tuple[ArrayLike, ArrayLike] | float | None = None,
        batch: int | None = None,
        learning_rate: float | None = None,
        schedule: Setting | None = None,
        warm_up_epochs: float | None = None,
        optimiser: Setting | None = None,
        clip_norm: float | None = None,
        loss: Setting | None = None,
        reduction: Literal["mean", "sum"] | None = None,
        evaluate_every: int | None = None,
        patience: int | None = None,
        seed: int | None = None,
        progress: bool = True,
    ) -> Self:
        """Train on pairs of fields, from the present weights if there are some.

        With `validation` the weights of the smallest validation error are kept, however the training ends. Ctrl-C ends it
        within a second with :class:`KeyboardInterrupt`; the model then holds its best weights and its history.

        Parameters
        ----------
        x, y
            A data set alone, or two arrays ``[samples, space.., channels]``; a channel axis of length one may be missing.
            Kept in float32.
        epochs
            Passes over the samples; 500 by default.
        validation
            Samples to measure the error on after each epoch: a data set, a pair of arrays, or the fraction of the training
            samples to set aside.
        batch
            Samples of a step; 20 by default.
        learning_rate
            The largest learning rate; 1e-3 by default.
        schedule
            ``"constant"``, ``"step"`` (the default: half every 100 epochs), ``"cosine"``, ``"one-cycle"``, or one of them with
            settings: ``{"step": {"every": 50, "factor": 0.5}}``.
        warm_up_epochs
            Epochs, whole or not, over which the learning rate rises.
        optimiser
            ``"adam"`` (the default), ``"adamw"``, or with settings: ``{"adamw": {"weight_decay": 1e-4}}``.
        clip_norm
            Largest norm of the gradient.
        loss
            ``"relative-l2"`` (the default), ``"relative-h1"`` or ``"mean-squared"``, on physical values. ``"relative-h1"``
            counts gradients too (by Fourier where all axes of a data set are periodic, else by finite differences), which often
            makes the L2 error smaller as well; ``{"relative-h1": {"derivative": "fourier"}}`` chooses.
        reduction
            Mean or sum over the samples of a batch.
        evaluate_every
            Epochs between two evaluations on `validation`.
        patience
            Stop when the validation error has not improved for so many epochs.
        seed
            Of the order of the samples; by default that of the model.
        progress
            Show a progress bar, if tqdm is installed.

        Returns
        -------
        The model itself.

        Raises
        ------
        ShapeError
            If the arrays do not fit each other or the model; channels-first arrays are recognised.
        ArgumentError
            If a value is not finite, there are no samples, or an option is unknown or out of range.
        TrainingError
            If the loss is no longer finite. The model then holds its last good weights.
        """
        seed = self._seed if seed is None else integer("seed", seed)
        options = {
            "epochs": optional_integer("epochs", epochs, least=1),
            "batch": optional_integer("batch", batch, least=1),
            "learning_rate": optional_number("learning_rate", learning_rate),
            "schedule": schedule,
            "warm_up_epochs": optional_number("warm_up_epochs", warm_up_epochs),
            "optimiser": optimiser,
            "clip_norm": optional_number("clip_norm", clip_norm),
            "loss": loss,
            "reduction": reduction,
            "evaluate_every": optional_integer("evaluate_every", evaluate_every, least=1),
            "patience": optional_integer("patience", patience, least=1),
            "seed": seed,
        }
        train = as_dataset("training", x, y, self.dim)
        checked = None
        if isinstance(validation, (float, np.floating)):
            checked, train = train.split(validation, seed=seed)
        elif isinstance(validation, Dataset):
            checked = validation
        elif isinstance(validation, tuple) and len(validation) == 2:
            checked = as_dataset("validation", *validation, self.dim)
        elif validation is not None:
            expected = "a Dataset, two arrays (input, target) or a fraction"
            raise value_error("validation", expected, validation, shown=type(validation).__name__)
        native = self._native
        if native is None:
            native = _core.Surrogate.create(self._name, self._settings, self._normalise, train._native, self._seed)
        try:
            with progress_bar(progress, "fit", "steps") as bar:
                native.fit(train._native, None if checked is None else checked._native, options, bar.callback)
        finally:
            # An interrupted training leaves its best weights; one that did not begin leaves no model.
            if native.history() != "[]":
                self._native = native
        return self

    def predict(self, x: ArrayLike, *, batch: int = BATCH) -> NDArray[np.float32]:
        """Answer on any grid that has the model's modes.

        Parameters
        ----------
        x
            ``[batch, space.., channels]``, in physical units; a channel axis of length one may be missing.
        batch
            Samples that are in memory at once.

        Returns
        -------
        numpy.ndarray
            float32, ``[batch, space.., channels]``, in physical units; without channel axis if `x` had none and the answer
            has one channel.

        Raises
        ------
        NotFittedError
            If the model was neither trained nor loaded.
        ShapeError, ArgumentError
            If `x` does not fit the model, holds no samples or values that are not finite, or its grid is too coarse.
        """
        native = self._fitted()
        values, missing = with_channels("x", real_array("x", x, np.float32), self.dim)
        answer = native.predict(values, integer("batch", batch, least=1))
        return answer[..., 0] if missing and answer.shape[-1] == 1 else answer

    def evaluate(
        self,
        x: ArrayLike | Dataset,
        y: ArrayLike | None = None,
        *,
        batch: int = BATCH,
        progress: bool = False,
    ) -> Evaluation:
        """Compare predictions with targets, on any grid that has the model's modes.

        Parameters
        ----------
        x, y
            A data set alone, or two arrays as for :meth:`fit`.
        batch
            Samples that are in memory at once.
        progress
            Show a progress bar, if tqdm is installed.
        """
        native, batch = self._fitted(), integer("batch", batch, least=1)
        data = as_dataset("test", x, y, self.dim)
        with progress_bar(progress, "evaluate", "samples") as bar:
            text, table = native.evaluate(data._native, batch, bar.callback)
        return Evaluation(text, table)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint: safetensors with a JSON header, whole or not at all.

        Raises
        ------
        CheckpointError
            If the file cannot be written; one that was there before stays.
        """
        self._fitted().save(file_path("path", path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a checkpoint of this model; :func:`sobolev.load` reads one of any.

        Raises
        ------
        CheckpointError
            If the file is missing, foreign, damaged, or holds another model.
        """
        model = load(path)
        if not isinstance(model, cls):
            message = f"checkpoint {os.fspath(path)}: expected a model {cls._name}, got {model._name}; use sobolev.load"
            raise CheckpointError(message)
        return model

    def _fitted(self) -> _core.Surrogate:
        if self._native is None:
            raise NotFittedError(f"{type(self).__name__}: expected a fitted model, got an untrained one; call fit, or load one")
        return self._native

    @classmethod
    def _of(cls, native: _core.Surrogate) -> Self:
        model = cls.__new__(cls)
        model._settings = json.loads(native.architecture())
        model._normalise = {}
        model._seed = 0
        model._native = native
        return model

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_native"]
        if self._native is not None:
            state["checkpoint"] = _through_file(self._native)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        checkpoint = state.pop("checkpoint", None)
        self.__dict__.update(state)
        self._native = None if checkpoint is None else _from_bytes(checkpoint)

    def _options(self) -> dict[str, Any]:
        options = dict(self._settings)
        for side, kind in self._normalise.items():
            options[f"normalise_{side}"] = kind
        if self._seed:
            options["seed"] = self._seed
        return options


def _through_file(native: _core.Surrogate) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        native.save(path)
        with open(path, "rb") as file:
            return file.read()


def _from_bytes(checkpoint: bytes) -> _core.Surrogate:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.safetensors")
        with open(path, "wb") as file:
            file.write(checkpoint)
        return _core.Surrogate.load(path)


class FNO(Model):
    """Fourier neural operator in 1 to 3 dimensions (Li et al. 2021, arXiv:2010.08895).

    ``u = Q(L_depth(.. L_1(P [a, x])))``: a pointwise lifting of the data and the coordinates to `width` channels; layers
    that multiply the lowest Fourier modes by learnt matrices and add a pointwise path; a pointwise projection. The weights do
    not depend on the grid: a model answers on any grid that has its modes.

    Maps ``[batch, x1, .., xd, inputs]`` to ``[batch, x1, .., xd, outputs]`` in float32; channels are those of the data.

    Parameters
    ----------
    dim
        Number of grid axes.
    modes
        Kept modes of each axis; a number for all.
    width
        Channels inside; 32 by default.
    depth
        Fourier layers; 4 by default.
    projection
        Hidden channels of the projection; 128 by default.
    activation
        A name of :func:`activations`; ``"gelu"`` by default.
    coordinates
        Extra channels with the place of each point: ``"inclusive"`` for grids with both end points, ``"cell_centred"``,
        ``"periodic"``, or ``"none"``; by default what fits the data.
    padding
        Zeros after the last point of each axis, as a part of its length, for problems that are not periodic; a number for
        all axes, ``()`` for none. By default 9/85, as published, where the points of the data are cell centres.
    inputs, outputs
        Channels, if they are to be checked against the data.
    normalise_input, normalise_target
        Statistics by which values are normalised: ``"channel"`` (the default), ``"scalar"``, ``"pointwise"``,
        ``"identity"``, or ``{"min-max": {"low": 0.0, "high": 1.0}}``.
    seed
        Of the initial weights.

    Examples
    --------
    The derivative of sine waves, learnt on 32 points and asked for on 48:

    >>> import numpy as np, sobolev
    >>> def waves(n):
    ...     phase = np.arange(16)[:, None] + 2 * np.pi * np.arange(n) / n
    ...     return np.sin(phase), np.cos(phase)
    >>> model = sobolev.FNO(1, modes=4, width=8, coordinates="none")
    >>> model = model.fit(*waves(32), epochs=60, batch=4, learning_rate=1e-2)
    >>> x, y = waves(48)
    >>> model.predict(x).shape, float(model.evaluate(x, y).relative_l2) < 0.2
    ((16, 48), True)
    """

    _name = "fno"

    def __init__(
        self,
        dim: int,
        modes: int | Sequence[int],
        width: int | None = None,
        *,
        depth: int | None = None,
        projection: int | None = None,
        activation: str | None = None,
        coordinates: Literal["none", "inclusive", "cell_centred", "periodic"] | None = None,
        padding: float | Sequence[float] | None = None,
        inputs: int | None = None,
        outputs: int | None = None,
        normalise_input: Setting | None = None,
        normalise_target: Setting | None = None,
        seed: int = 0,
    ) -> None:
        dim = integer("dim", dim, least=1, most=3, expected="1, 2 or 3")
        counts = {"width": width, "depth": depth, "projection": projection, "inputs": inputs, "outputs": outputs}
        architecture = {
            "modes": each("modes", modes, partial(integer, least=1), dim),
            "activation": activation,
            "coordinates": coordinates,
            "padding": padding if padding is None else [] if padding == () else each("padding", padding, number, dim),
            **{name: optional_integer(name, count, least=1) for name, count in counts.items()},
        }
        super().__init__(architecture, normalise_input, normalise_target, seed)

    def __repr__(self) -> str:
        options = self._options()
        modes = options.pop("modes")
        if "padding" in options:
            options["padding"] = tuple(options["padding"])
        words = [repr(len(modes)), repr(tuple(modes))]
        if "width" in options:
            words.append(repr(options.pop("width")))
        return f"FNO({', '.join(words + [f'{name}={value!r}' for name, value in options.items()])})"


#: Class of each model that has one, by its name.
CLASSES: dict[str, type[Model]] = {FNO._name: FNO}


def load(path: str | os.PathLike[str]) -> Model:
    """Read a checkpoint of any model; the answer is a model of its class.

    Raises
    ------
    CheckpointError
        If the file is missing, foreign, truncated or damaged.
    """
    native = _core.Surrogate.load(file_path("path", path))
    return CLASSES[native.model()]._of(native)
