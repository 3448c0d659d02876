"""Pictures: what is drawn is what was given, and matplotlib is only needed for them."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes

import sobolev

matplotlib.use("agg")


def test_panels_show_the_fields_with_the_first_axis_to_the_right(tmp_path: Path) -> None:
    a = sobolev.random_field((8, 12), preset="darcy")
    figure = sobolev.plot.fields({"a": a, "twice": 2 * a[..., None], "line": a[0]}, columns=2, shared=True)
    drawn = [axis for axis in figure.axes if axis.get_title()]
    assert [axis.get_title() for axis in drawn] == ["a", "twice", "line"]
    image = drawn[0].images[0]
    assert np.array_equal(image.get_array(), a.T)
    assert image.get_clim() == (min(a.min(), 2 * a.min()), 2 * a.max())
    figure.savefig(tmp_path / "fields.png")
    assert (tmp_path / "fields.png").stat().st_size > 1000


def test_a_comparison_shows_the_error_around_zero() -> None:
    target = np.outer(np.arange(4.0), np.arange(5.0))
    figure = sobolev.plot.comparison(target, target + 0.5, input=target, title="sample")
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == ["input", "target", "prediction", "error"]
    error = figure.axes[3].images[0]
    assert error.get_clim() == (-0.5, 0.5) and np.all(np.asarray(error.get_array()) == 0.5)
    assert figure.axes[1].images[0].get_clim() == figure.axes[2].images[0].get_clim()


def test_samples_and_history_are_drawn(darcy_data: sobolev.Dataset, model: sobolev.FNO) -> None:
    titles = [axis.get_title() for axis in sobolev.plot.samples(darcy_data, [3, 0]).axes]
    assert titles[:4] == ["coefficient, sample 3", "coefficient, sample 0", "solution, sample 3", "solution, sample 0"]
    axis = sobolev.plot.history({"small": model}).axes[0]
    assert [line.get_label() for line in axis.lines] == ["small: training", "small: validation"]
    assert len(axis.lines[0].get_xdata()) == 40


def edges(axis: Axes) -> list[float]:
    return [*axis.get_xlim(), *axis.get_ylim()]


def test_lines_stand_at_the_points_of_the_data_set(tmp_path: Path) -> None:
    settings = {"size": 32, "solve_size": 64, "viscosity": 0.05, "frames": 4, "time": 0.8}
    data = sobolev.generate({"equation": "burgers", "samples": 2, "settings": settings}, tmp_path / "b.h5", progress=False)
    figure = sobolev.plot.samples(data, 1)
    line, image = figure.axes[:2]
    # Periodic: the points are i L / n.
    assert np.array_equal(line.lines[0].get_xdata(), np.arange(32) / 32) and line.get_xlabel() == "x1"
    assert np.array_equal(image.images[0].get_array(), data.target[1, :, :, 0].T)
    assert (image.get_xlabel(), image.get_ylabel()) == ("time", "x1")
    # A cell around each point: times 0.2 to 0.8, points 0 to 31/32.
    assert np.allclose(edges(image), [0.1, 0.9, -1 / 64, 63 / 64])
    assert image.get_aspect() == "auto"
    x, u = data[0]
    compared = sobolev.plot.comparison(u, 1.1 * u, input=x, coordinates=data)
    assert [axis.get_xlabel() for axis in compared.axes[:4]] == ["x1", "time", "time", "time"]
    # One snapshot is a line.
    single = sobolev.plot.fields({"u": u[:1]}, coordinates={"time": [0.2], "x1": np.arange(32) / 32}).axes[0]
    assert np.array_equal(single.lines[0].get_ydata(), u[0, :, 0]) and single.get_xlabel() == "x1"


def test_images_fill_the_domain_of_cell_centres(darcy_data: sobolev.Dataset) -> None:
    figure = sobolev.plot.samples(darcy_data)
    assert len(figure.axes) == 2 * 6
    for axis in figure.axes[:6]:
        assert np.allclose(edges(axis), [0, 1, 0, 1])
        assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_aspect()) == ("x1", "x2", 1.0)


def test_arrays_have_the_coordinates_they_are_given_or_numbers() -> None:
    field = np.outer(np.arange(3.0), np.arange(4.0))
    plain = sobolev.plot.fields({"a": field}).axes[0]
    assert edges(plain) == [-0.5, 2.5, -0.5, 3.5] and plain.get_xlabel() == "x1, grid point"
    line = sobolev.plot.fields({"a": field[1]}).axes[0]
    assert np.array_equal(line.lines[0].get_xdata(), np.arange(4)) and line.get_xlabel() == "x, grid point"
    # Points that are not evenly spaced: cells end halfway between them.
    uneven = sobolev.plot.fields({"a": field}, coordinates={"time": [0, 1, 3], "x": [0, 1, 2, 3]}).axes[0]
    assert np.allclose(edges(uneven), [-0.5, 4, -0.5, 3.5])
    mesh = uneven.collections[0]
    assert np.allclose(mesh.get_coordinates()[0, :, 0], [-0.5, 0.5, 2, 4])
    assert np.array_equal(np.asarray(mesh.get_array()).reshape(4, 3), field.T)


DATA = sobolev.Dataset.from_arrays(np.ones((2, 8)), np.ones((2, 8)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sobolev.plot.fields({"a": np.ones(4)}, columns=0), "columns: expected at least 1, got 0"),
        (lambda: sobolev.plot.fields({"a": np.ones(4)}, columns=1.5), "columns: expected a whole number, got 1.5"),
        (lambda: sobolev.plot.fields({"a": np.ones(4)}, coordinates={"x": [0, 1]}), "of the coordinates, x [2], got [4]"),
        (lambda: sobolev.plot.fields({"a": np.ones((4, 4))}, coordinates={"x": range(4)}), "x [4], got [4, 4]"),
        (lambda: sobolev.plot.fields({"a": np.ones(2)}, coordinates=[0, 1]), "coordinates: expected a dictionary"),
        (lambda: sobolev.plot.fields({"a": np.ones(3)}, coordinates={"x": [0, 2, 1]}), "x: expected increasing"),
        (lambda: sobolev.plot.comparison(np.ones(4), np.ones(4), coordinates=DATA), "of the data set, [8], got [4]"),
        (lambda: sobolev.plot.samples(DATA, []), "indices: expected at least one sample, got none"),
        (lambda: sobolev.plot.samples(DATA[:0]), "indices: expected at least one sample, got none"),
        (lambda: sobolev.plot.samples(DATA, [2]), "indices: expected at most 1, got 2"),
        (lambda: sobolev.plot.samples(DATA, [0.5]), "indices: expected a whole number, got 0.5"),
        (lambda: sobolev.plot.fields({}), "panels: expected at least one field, got none"),
        (lambda: sobolev.plot.fields({"a": np.ones((2, 3, 4))}), "a: expected a field"),
        (lambda: sobolev.plot.comparison(np.ones(4), np.ones(5)), "prediction: expected the shape of the target, [4]"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(sobolev.ArgumentError) as caught:
        call()
    assert words in str(caught.value)
