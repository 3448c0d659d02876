"""Pictures: what is drawn is what was given, and matplotlib is only needed for them."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest

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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sobolev.plot.fields({}), "panels"),
        (lambda: sobolev.plot.fields({"a": np.ones((2, 3, 4))}), "a: expected a field"),
        (lambda: sobolev.plot.comparison(np.ones(4), np.ones(5)), "prediction: expected the shape of the target, [4]"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:
    with pytest.raises(sobolev.ArgumentError) as caught:
        call()
    assert words in str(caught.value)
