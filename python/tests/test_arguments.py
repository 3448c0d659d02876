"""Numbers, words and paths of a wrong kind or size: the error names the argument, what was wanted and what came."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import waves

import sobolev

HUGE = 2**70
X, Y = waves(16, 4)
A = np.ones((16, 16))
DARCY = {"equation": "darcy", "samples": 2}


@pytest.fixture(scope="module")
def data() -> sobolev.Dataset:
    return sobolev.Dataset.from_arrays(X, Y)


def field(**options: object) -> np.ndarray:
    return sobolev.random_field(16, preset="burgers", **options)  # type: ignore[arg-type]


# What takes a whole number: the argument, its smallest value, and a call with it.
WHOLE = [
    ("first", 1, lambda data, model, n: data.split(n)),
    ("seed", 0, lambda data, model, n: data.split(2, seed=n)),
    ("seed", 0, lambda data, model, n: data.shuffled(n)),
    ("stride", 1, lambda data, model, n: data.subsample(n)),
    ("dimensions", 1, lambda data, model, n: sobolev.Dataset.from_arrays(X, Y, dimensions=n)),
    ("dimensions", 1, lambda data, model, n: sobolev.Dataset.open("missing.h5", dimensions=n)),
    ("samples", 1, lambda data, model, n: sobolev.Dataset.open("missing.h5", samples=n)),
    ("stride", 1, lambda data, model, n: sobolev.Dataset.open("missing.h5", stride=n)),
    ("grid", 1, lambda data, model, n: sobolev.random_field(n, preset="burgers")),
    ("grid", 1, lambda data, model, n: sobolev.random_field((16, n), preset="darcy")),
    ("modes", 0, lambda data, model, n: field(modes=n)),
    ("seed", 0, lambda data, model, n: field(seed=n)),
    ("index", 0, lambda data, model, n: field(index=n)),
    ("samples", 1, lambda data, model, n: field(samples=n)),
    ("iterations", 1, lambda data, model, n: sobolev.solvers.darcy(A, iterations=n)),
    ("modes", 1, lambda data, model, n: sobolev.FNO(2, modes=n)),
    ("modes", 1, lambda data, model, n: sobolev.FNO(2, modes=[4, n])),
    ("width", 1, lambda data, model, n: sobolev.FNO(2, 4, n)),
    ("depth", 1, lambda data, model, n: sobolev.FNO(2, 4, depth=n)),
    ("projection", 1, lambda data, model, n: sobolev.FNO(2, 4, projection=n)),
    ("inputs", 1, lambda data, model, n: sobolev.FNO(2, 4, inputs=n)),
    ("outputs", 1, lambda data, model, n: sobolev.FNO(2, 4, outputs=n)),
    ("seed", 0, lambda data, model, n: sobolev.FNO(2, modes=4, seed=n)),
    ("epochs", 1, lambda data, model, n: model.fit(X, Y, epochs=n)),
    ("batch", 1, lambda data, model, n: model.fit(X, Y, epochs=1, batch=n)),
    ("evaluate_every", 1, lambda data, model, n: model.fit(X, Y, epochs=1, evaluate_every=n)),
    ("patience", 1, lambda data, model, n: model.fit(X, Y, epochs=1, patience=n)),
    ("seed", 0, lambda data, model, n: model.fit(X, Y, epochs=1, seed=n)),
    ("batch", 1, lambda data, model, n: model.predict(X, batch=n)),
    ("batch", 1, lambda data, model, n: model.evaluate(X, Y, batch=n)),
]


@pytest.mark.parametrize(("name", "least", "call"), WHOLE)
def test_whole_numbers_out_of_range_are_named(name: str, least: int, call, data, model: sobolev.FNO) -> None:
    # A fraction of the samples, and a range of them.
    accepted = {("first", 2.5), ("samples", "3")}
    cases = [
        (least - 1, f"{name}: expected at least {least}, got {least - 1}"),
        (np.int64(-3), f"{name}: expected at least {least}, got -3"),
        (HUGE, f"{name}: expected at most"),
        (2.5, f"{name}: expected a whole number, got 2.5"),
        (True, f"{name}: expected a whole number, got True"),
        ("3", f"{name}: expected a whole number, got '3'"),
    ]
    for value, words in cases:
        if (name, value) in accepted:
            continue
        with pytest.raises(sobolev.ArgumentError) as caught:
            call(data, model, value)
        assert str(caught.value).startswith(words)
        assert caught.value.argument == name and caught.value.got == value


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("dim", lambda: sobolev.FNO(-1, 4)),
        ("dim", lambda: sobolev.FNO("2", 4)),  # type: ignore[arg-type]
        ("dim", lambda: sobolev.FNO(2.0, 4)),  # type: ignore[arg-type]
        ("dimension", lambda: sobolev.solvers.darcy(A, dimension=2.0)),  # type: ignore[arg-type]
    ],
)
def test_numbers_of_axes_have_few_choices(name: str, call) -> None:
    with pytest.raises(sobolev.ArgumentError, match=f"{name}: expected .*2 or 3, got") as caught:
        call()
    assert caught.value.argument == name


# What takes a real number.
REAL = [
    ("tolerance", lambda model, x: sobolev.solvers.darcy(A, tolerance=x)),
    ("extent", lambda model, x: sobolev.solvers.darcy(A, extent=x)),
    ("extent", lambda model, x: sobolev.solvers.darcy(A, extent=[1.0, x])),
    ("viscosity", lambda model, x: sobolev.solvers.burgers(X[0], x, 1.0)),
    ("length", lambda model, x: sobolev.solvers.burgers(X[0], 0.1, 1.0, length=x)),
    ("tolerance", lambda model, x: sobolev.solvers.burgers(X[0], 0.1, 1.0, tolerance=x)),
    ("step", lambda model, x: sobolev.solvers.burgers(X[0], 0.1, 1.0, step=x)),
    ("sigma", lambda model, x: sobolev.random_field(16, sigma=x, tau=1.0, alpha=2.0)),
    ("tau", lambda model, x: sobolev.random_field(16, sigma=1.0, tau=x, alpha=2.0)),
    ("alpha", lambda model, x: sobolev.random_field(16, sigma=1.0, tau=1.0, alpha=x)),
    ("extent", lambda model, x: sobolev.random_field(16, sigma=1.0, tau=1.0, alpha=2.0, extent=x)),
    ("mean", lambda model, x: field(mean=x)),
    ("padding", lambda model, x: sobolev.FNO(2, 4, padding=x)),
    ("learning_rate", lambda model, x: model.fit(X, Y, epochs=1, learning_rate=x)),
    ("warm_up_epochs", lambda model, x: model.fit(X, Y, epochs=1, warm_up_epochs=x)),
    ("clip_norm", lambda model, x: model.fit(X, Y, epochs=1, clip_norm=x)),
]


@pytest.mark.parametrize(("name", "call"), REAL)
def test_real_numbers_of_another_kind_are_named(name: str, call, model: sobolev.FNO) -> None:
    for value in ("1.0", False, 1j, object(), 10**400):
        with pytest.raises(sobolev.ArgumentError, match=f"{name}: expected a number, got ") as caught:
            call(model, value)
        assert caught.value.argument == name and caught.value.got is value


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda data: data.subsample(2, axis=1), "axis: expected a word, got 1"),
        (lambda data: data.coordinates(1), "side: expected a word, got 1"),
        (lambda data: data.split("half"), "first: expected a whole number, got 'half'"),
        (lambda data: sobolev.Dataset.open(3), "path: expected a path, got 3"),
        (lambda data: sobolev.Dataset.open("x.h5", input=3), "input: expected a word, got 3"),
        (lambda data: sobolev.load(None), "path: expected a path, got None"),
        (lambda data: data.save_npz(3.0), "path: expected a path, got 3.0"),
        (lambda data: sobolev.generate(3), "spec: expected a path, got 3"),
        (lambda data: sobolev.generate({**DARCY, "seed": HUGE}, "x.h5"), "seed: expected a whole number from -2^63 to"),
        (lambda data: sobolev.generate({**DARCY, "seed": -1}, "x.h5"), "in `seed`"),
        (lambda data: sobolev.generate({**DARCY, "threads": 1.5}, "x.h5"), "in `threads`"),
        (lambda data: sobolev.random_field(16, preset=3), "preset: expected a word, got 3"),
        (lambda data: field(points=0), "points: expected a word, got 0"),
        (lambda data: sobolev.solvers.darcy(A, extent=[1.0, 1.0, 1.0]), "extent: expected a number, or one for each of 2"),
        (lambda data: field(index=5, samples=2**63 - 1), "samples: expected an array that fits the memory, got 9223372036854775807"),
    ],
)
def test_other_values_of_a_wrong_kind_are_named(call, words: str, data: sobolev.Dataset, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sobolev.ArgumentError) as caught:
        call(data)
    assert words in str(caught.value)


class ByArray:
    """As an array of xarray or a tensor of Torch: NumPy asks for a copy or view of it."""

    def __init__(self, values: object) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self.values if dtype is None else self.values.astype(dtype)


class ByDlpack:
    """An array of a library that knows nothing of NumPy."""

    def __init__(self, values: object) -> None:
        self.values = np.asarray(values)

    def __dlpack__(self, **options: object) -> object:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class Elsewhere:
    """A tensor that cannot come to the processor's memory without being asked for."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise self.error


@pytest.mark.parametrize("wrap", [ByArray, ByDlpack, np.ndarray.tolist])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_of_other_libraries_are_taken(wrap, dtype: type, model: sobolev.FNO) -> None:
    x, y, times = X.astype(dtype), Y.astype(dtype), np.array([0.1, 0.2])
    data = sobolev.Dataset.from_arrays(wrap(x), wrap(y))
    assert np.array_equal(data.input[..., 0], x.astype(data.input.dtype))
    if wrap is not np.ndarray.tolist:
        assert data.input.dtype == dtype
    assert np.array_equal(model.predict(wrap(x)), model.predict(x))
    assert np.array_equal(model.evaluate(wrap(x), wrap(y)).rmse.per_sample, model.evaluate(x, y).rmse.per_sample)
    first, second = (
        sobolev.FNO(1, 3, 4).fit(w(x), w(y), validation=(w(x), w(y)), epochs=1, progress=False).predict(x)
        for w in (wrap, lambda values: values)
    )
    assert np.array_equal(first, second)
    u = sobolev.solvers.burgers(wrap(x), 0.1, wrap(times))
    assert np.array_equal(u, sobolev.solvers.burgers(x, 0.1, times))
    assert np.array_equal(sobolev.solvers.darcy(wrap(2 * A), wrap(A)), sobolev.solvers.darcy(2 * A, A))
    line = sobolev.plot.fields({"x": wrap(x[0])}, coordinates={"x1": wrap(np.arange(16) / 16)}).axes[0].lines[0]
    assert np.array_equal(line.get_ydata(), x[0])


@pytest.mark.parametrize("error", [TypeError, RuntimeError, BufferError, ValueError])
def test_arrays_that_do_not_come_say_why(error: type[Exception]) -> None:
    with pytest.raises(sobolev.ArgumentError, match="a: expected an array of real numbers, got none .*not on the CPU"):
        sobolev.solvers.darcy(Elsewhere(error("not on the CPU")))  # type: ignore[arg-type]


def test_numbers_of_other_types_are_taken(data: sobolev.Dataset, tmp_path: Path) -> None:
    eight = np.uint8(8)
    assert sobolev.random_field(eight, preset="burgers", seed=np.int32(3), samples=np.int64(2)).shape == (2, 8)
    assert np.array_equal(field(seed=np.int64(4)), field(seed=4))
    assert repr(sobolev.FNO(np.int64(1), np.array([4]), eight, seed=eight)) == "FNO(1, (4,), 8, seed=8)"
    assert len(data.split(np.int64(3))[0]) == 3 and len(data.split(np.float32(0.5))[0]) == 2
    u = sobolev.solvers.darcy(A, extent=(1, Fraction(1, 2)), tolerance=np.float32(1e-6))
    assert np.array_equal(u, sobolev.solvers.darcy(A, extent=(1.0, 0.5), tolerance=float(np.float32(1e-6))))
    fno = sobolev.FNO(1, 3, 4).fit(data, validation=np.float32(0.25), epochs=eight, learning_rate=np.array(1e-3), progress=False)
    assert len(fno.history) == 8
    # The largest values are only large.
    assert np.array_equal(fno.predict(X, batch=2**63 - 1), fno.predict(X))
    assert field(seed=2**64 - 1).shape == (16,) and len(data.shuffled(2**64 - 1)) == 4
