"""The Fourier neural operator from Python: training, answers, checkpoints, copies, and what it refuses."""

import copy
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from conftest import on_a_full_disk, waves

import sobolev


def test_what_was_learnt_holds_on_a_finer_grid(model: sobolev.FNO) -> None:
    coarse, fine = (model.evaluate(*waves(points)) for points in (32, 96))
    assert float(coarse.relative_l2) < 0.1
    # The fields are band-limited and there are no coordinates: the grid makes no difference but rounding.
    assert abs(float(fine.relative_l2) - float(coarse.relative_l2)) < 1e-3


def test_measures_are_what_they_say(model: sobolev.FNO) -> None:
    x, y = waves(32)
    error = model.predict(x) - y
    evaluation = model.evaluate(x, y)
    relative = np.linalg.norm(error, axis=1) / np.linalg.norm(y, axis=1)
    assert np.allclose(evaluation.relative_l2.per_sample, relative, rtol=1e-4)
    assert np.isclose(evaluation.relative_l2.mean, relative.mean(), rtol=1e-4)
    assert evaluation.relative_l2.worst[0] == relative.argmax()
    assert np.isclose(float(evaluation.largest_error), np.abs(error).max(axis=1).mean(), rtol=1e-4)
    assert evaluation.samples == 16 and evaluation.grid == (32,)
    assert "relative L2" in repr(evaluation)


def test_a_missing_channel_axis_stays_missing(model: sobolev.FNO) -> None:
    x, _ = waves(40)
    plain, full = model.predict(x), model.predict(x[..., None])
    assert plain.shape == (16, 40) and full.shape == (16, 40, 1) and full.dtype == np.float32
    assert np.array_equal(plain, full[..., 0])
    assert np.array_equal(model.predict(np.repeat(x, 2, axis=0)[::2]), plain)
    assert np.array_equal(model.predict(x, batch=3), plain)
    assert np.array_equal(model.predict(x.tolist()), plain)


def test_history_has_a_record_an_epoch_and_the_best_weights_are_kept(model: sobolev.FNO) -> None:
    records = model.history
    assert [record["epoch"] for record in records] == list(range(1, 41))
    best = min(record["validation_error"] for record in records)
    assert np.isclose(float(model.evaluate(*waves(48, 4)).relative_l2), best, rtol=1e-5)
    assert records[-1]["train_loss"] < 0.5 * records[0]["train_loss"]


def test_training_is_reproducible_and_follows_the_seed() -> None:
    def trained(seed: int) -> np.ndarray:
        fno = sobolev.FNO(1, 3, 4, projection=8, seed=seed)
        return fno.fit(*waves(16), epochs=3, batch=4, progress=False).predict(waves(16)[0])

    assert np.array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))


def test_a_data_set_trains_in_two_dimensions(darcy_data: sobolev.Dataset) -> None:
    fno = sobolev.FNO(2, 4, 6, depth=2, projection=16, normalise_target="pointwise")
    fno.fit(darcy_data, validation=0.25, epochs=4, batch=3, schedule="one-cycle", optimiser="adamw", progress=False)
    records = fno.history
    assert records[-1]["validation_error"] < records[0]["validation_error"]
    assert fno.predict(darcy_data.input).shape == (12, 24, 24, 1)
    # Pointwise statistics are interpolated to another grid.
    coarse = fno.evaluate(darcy_data.subsample(3))
    assert coarse.grid == (8, 8) and coarse.derivative == "finite-difference"
    assert fno.trained_on["equation"] == "darcy"
    assert fno.settings["modes"] == [4, 4] and fno.settings["depth"] == 2


def test_the_published_set_ups_have_the_published_numbers_of_weights() -> None:
    burgers = sobolev.FNO(1, 16, 64).fit(*waves(32, 2), epochs=1, progress=False)
    assert burgers.parameters == 549_569


def test_saved_and_loaded_models_answer_to_the_bit(model: sobolev.FNO, checkpoint: Path) -> None:
    x, _ = waves(40)
    for again in (sobolev.load(checkpoint), sobolev.FNO.load(str(checkpoint))):
        assert isinstance(again, sobolev.FNO) and again.is_fitted
        assert np.array_equal(again.predict(x), model.predict(x))
        assert again.settings == model.settings and again.trained_on == model.trained_on


def test_pickles_and_copies_answer_to_the_bit(model: sobolev.FNO) -> None:
    x, _ = waves(40)
    for again in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert np.array_equal(again.predict(x), model.predict(x))
        assert repr(again) == repr(model)
    deep = copy.deepcopy(model).fit(*waves(32), epochs=1, learning_rate=0.1, progress=False)
    assert not np.array_equal(deep.predict(x), model.predict(x))


def test_pickles_and_copies_of_an_untrained_model_learn_the_same() -> None:
    fno = sobolev.FNO(1, [3], 4, depth=2, projection=8, padding=(), normalise_target="scalar", seed=7)
    copies = [pickle.loads(pickle.dumps(fno)), copy.copy(fno), copy.deepcopy(fno)]
    x, y = waves(16)
    expected = fno.fit(x, y, epochs=2, progress=False).predict(x)
    for again in copies:
        assert not again.is_fitted and again.history == [] and repr(again) == repr(fno)
        assert again.settings["depth"] == 2
        with pytest.raises(sobolev.NotFittedError):
            again.predict(x)
        assert np.array_equal(again.fit(x, y, epochs=2, progress=False).predict(x), expected)


def test_safetensors_reads_the_checkpoint(model: sobolev.FNO, checkpoint: Path) -> None:
    tensors = safetensors.numpy.load_file(checkpoint)
    weights = {name: value for name, value in tensors.items() if not name.startswith("normaliser")}
    assert all(value.dtype == np.float32 and np.isfinite(value).all() for value in tensors.values())
    assert sum(value.size for value in weights.values()) == model.parameters
    content = checkpoint.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert "fno" in json.dumps(header["__metadata__"])


@pytest.mark.parametrize(
    "model_",
    [
        sobolev.FNO(2, 12, 32),
        sobolev.FNO(1, [16], seed=4, activation="tanh", padding=0.1),
        sobolev.FNO(3, (4, 5, 6), 8, normalise_input={"min-max": {"low": 0.0, "high": 1.0}}, coordinates="none"),
    ],
)
def test_the_repr_can_be_pasted_back(model_: sobolev.FNO) -> None:
    again = eval(repr(model_), {"FNO": sobolev.FNO})
    assert repr(again) == repr(model_) and again.settings == model_.settings


def test_a_loaded_model_can_be_pasted_back(checkpoint: Path) -> None:
    loaded = sobolev.load(checkpoint)
    assert eval(repr(loaded), {"FNO": sobolev.FNO}).settings == loaded.settings


def test_models_name_their_papers(model: sobolev.FNO) -> None:
    assert "2010.08895" in model.citation() == sobolev.models()["fno"]["source"]


def test_training_goes_on_from_the_present_weights(model: sobolev.FNO) -> None:
    more = copy.deepcopy(model)
    x, y = waves(32)
    before = float(more.evaluate(x, y).relative_l2)
    more.fit(x, y, epochs=20, batch=4, learning_rate=1e-3, progress=False)
    assert float(more.evaluate(x, y).relative_l2) < before


def test_a_training_that_diverges_keeps_the_last_good_weights() -> None:
    x, y = waves(16)
    fno = sobolev.FNO(1, 3, 4).fit(x, y, validation=(x, y), epochs=5, progress=False)
    good = float(fno.evaluate(x, y).relative_l2)
    with pytest.raises(sobolev.TrainingError, match="epoch") as caught:
        fno.fit(x, y, validation=(x, y), epochs=60, learning_rate=1e30, loss="mean-squared", progress=False)
    assert isinstance(caught.value, RuntimeError)
    assert float(fno.evaluate(x, y).relative_l2) <= good * 1.001


def test_progress_is_drawn_on_terminals_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sobolev.FNO(1, 3, 4).fit(*waves(16), epochs=2)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


X, Y = waves(16)
DATA = sobolev.Dataset.from_arrays(X, Y)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: sobolev.FNO(4, 8), "dim: expected 1, 2 or 3, got 4"),
        (lambda m: sobolev.FNO(2, [4, 4, 4]), "modes: expected a number, or one for each of 2 axes"),
        (lambda m: sobolev.FNO(2, 4, -3), "width: expected at least 1, got -3"),
        (lambda m: sobolev.FNO(2, 4, 0), "width: expected at least 1"),
        (lambda m: sobolev.FNO(2, 4, activation="gleu"), 'did you mean "gelu"?'),
        (lambda m: sobolev.FNO(2, 4, coordinates="polar"), "polar"),
        (lambda m: sobolev.FNO(1, 4, normalise_input="pointless").fit(X, Y, epochs=1), "pointless"),
        (lambda m: m.predict(X[0]), "x: expected [batch, x1, channels] or [batch, x1], got [16]"),
        (lambda m: m.predict(np.ones((2, 1, 16))), "axis 1 looks like the channel axis: move it last"),
        (lambda m: m.predict(np.ones((2, 16, 3))), "expected [batch, x1, 1]"),
        (lambda m: m.predict(X[:0]), "got [0, 16, 1]; an axis is empty"),
        (lambda m: m.predict(X[:, :4]), "modes"),
        (lambda m: m.predict(X + np.inf), "finite values"),
        (lambda m: m.predict(X * 1e200), "finite values"),
        (lambda m: m.predict(X, batch=0), "batch: expected at least 1, got 0"),
        (lambda m: m.evaluate(X), "test: expected a Dataset, or two arrays (input, target), got one array"),
        (lambda m: m.evaluate(X, Y[:3]), "target: expected 16 samples as in the input"),
        (lambda m: m.fit(X[:0], Y[:0], epochs=1), "got [0, 16, 1]; an axis is empty"),
        (lambda m: m.fit(X, Y, epochs=0), "epochs: expected at least 1, got 0"),
        (lambda m: m.fit(X, Y, epochs=1.5), "epochs: expected a whole number, got 1.5"),
        (lambda m: m.fit(X, Y, learning_rate=-1.0), "learning_rate: expected a positive number, got -1"),
        (lambda m: m.fit(X, Y, schedule="cosin"), "unknown variant `cosin`"),
        (lambda m: m.fit(X, Y, schedule={"step": {"evry": 3}}), "evry"),
        (lambda m: m.fit(X, Y, optimiser="sgdd"), "sgdd"),
        (lambda m: m.fit(X, Y, loss="l2"), "unknown variant `l2`"),
        (lambda m: m.fit(X, Y, patience=0), "patience: expected at least 1, got 0"),
        (lambda m: m.fit(X, Y, validation=1.0), "split fraction: expected between 0 and 1, got 1"),
        (lambda m: m.fit(X, Y, validation=(X[:3], Y)), "target: expected 3 samples as in the input"),
        (lambda m: m.fit(X, Y, validation=X), "validation: expected a Dataset, two arrays"),
        (lambda m: m.fit(X, Y[:, ::2], epochs=1), "prediction: expected [batch, 8, 1], got [16, 16, 1]"),
        (lambda m: m.fit(np.ones((4, 16, 2)), Y[:4], epochs=1), "got [4, 16, 2]"),
        (lambda m: m.fit(X * np.nan, Y), "input: expected finite values, got NaN"),
        (lambda m: m.fit(DATA[:0], epochs=1), "training samples: expected at least 1, got 0"),
        (lambda m: m.fit(DATA, validation=DATA[:0], epochs=1), "validation samples: expected at least 1, got 0"),
        (lambda m: m.evaluate(DATA[:0]), "samples: expected at least 1, got 0"),
        (lambda m: m.predict(DATA[:0].input), "got [0, 16, 1]; an axis is empty"),
    ],
)
def test_bad_input_is_named(model: sobolev.FNO, call, words: str) -> None:
    with pytest.raises(sobolev.ArgumentError) as caught:
        call(copy.copy(model))
    assert words in str(caught.value)


def test_a_model_that_is_not_fitted_does_not_answer(tmp_path: Path) -> None:
    fno = sobolev.FNO(1, 3)
    for call in (lambda: fno.predict(X), lambda: fno.save(tmp_path / "m"), lambda: fno.evaluate(X, Y)):
        with pytest.raises(sobolev.NotFittedError, match="call fit"):
            call()


def test_files_that_are_no_checkpoints_are_told_apart(model: sobolev.FNO, checkpoint: Path, tmp_path: Path) -> None:
    content = checkpoint.read_bytes()
    (tmp_path / "truncated").write_bytes(content[:-10])
    (tmp_path / "text").write_text("once upon a time")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "other").write_bytes(content.replace(b'\\"fno\\"', b'\\"abc\\"'))
    safetensors.numpy.save_file({"w": np.ones(3, dtype=np.float32)}, tmp_path / "foreign")
    for name in ("missing", "truncated", "text", "empty", "foreign"):
        with pytest.raises(sobolev.CheckpointError) as caught:
            sobolev.load(tmp_path / name)
        assert name in str(caught.value) and isinstance(caught.value, OSError)
    with pytest.raises(sobolev.CheckpointError, match="damaged: its contents do not have the checksum"):
        sobolev.load(tmp_path / "other")
    with pytest.raises(sobolev.CheckpointError, match="no folder"):
        model.save(tmp_path / "no folder" / "m.safetensors")


def test_a_checkpoint_that_does_not_fit_the_disk_leaves_the_older_one(checkpoint: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.safetensors"
    sobolev.FNO(1, 3, 4).fit(X, Y, epochs=1, progress=False).save(older)
    before = older.read_bytes()
    assert checkpoint.stat().st_size > 2 * 4000
    words = on_a_full_disk(f'sobolev.load(r"{checkpoint}").save(r"{older}")', 4000)
    assert "File too large" in words and "older.safetensors" in words
    assert older.read_bytes() == before and sobolev.load(older).parameters == sobolev.FNO.load(older).parameters
    assert sorted(tmp_path.iterdir()) == sorted([checkpoint, older])
