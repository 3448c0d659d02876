"""Ctrl-C: long work ends with KeyboardInterrupt, and what was done is kept. Limits are generous: no speed is tested."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sobolev

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent the POSIX way")


def interrupt(program: str, *, when: str) -> tuple[str, float]:
    """Runs a program, sends SIGINT when it has printed a line `when` and half a second more; its output and the wait."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == when:
            break
    time.sleep(0.5)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 0, output
    return output, time.monotonic() - start


def test_an_interrupted_training_keeps_its_best_weights(tmp_path: Path) -> None:
    program = f"""
import numpy as np, sobolev
x = np.sin(np.arange(8)[:, None] + 2 * np.pi * np.arange(32) / 32)
model = sobolev.FNO(1, 4, 8)
model.fit(x, x**2, validation=(x, x**2), epochs=2, progress=False)
print("training")
try:
    model.fit(x, x**2, validation=(x, x**2), epochs=1_000_000, progress=False)
except KeyboardInterrupt:
    history = model.history
    best = min(record["validation_error"] for record in history)
    error = float(model.evaluate(x, x**2).relative_l2)
    model.save(r"{tmp_path / "kept.safetensors"}")
    print("stopped after", len(history), "epochs", abs(error - best) < 1e-5 * best)
"""
    output, wait = interrupt(program, when="training")
    assert "stopped after" in output and "epochs True" in output
    assert wait < 10
    kept = sobolev.load(tmp_path / "kept.safetensors")
    assert np.isfinite(kept.predict(np.ones((1, 32)))).all()


def test_an_interrupted_first_training_leaves_a_model() -> None:
    program = """
import numpy as np, sobolev
x = np.sin(np.arange(8)[:, None] + 2 * np.pi * np.arange(32) / 32)
model = sobolev.FNO(1, 4, 8)
print("training")
try:
    model.fit(x, x**2, validation=0.25, epochs=1_000_000, progress=False)
except KeyboardInterrupt:
    print("kept", model.is_fitted, model.predict(x).shape)
"""
    output, _ = interrupt(program, when="training")
    assert "kept True (8, 32)" in output


def test_an_interrupted_data_set_resumes_to_the_same_bits(tmp_path: Path) -> None:
    settings = {"size": 256}
    program = f"""
import sobolev
spec = {{"equation": "burgers", "samples": 3000, "settings": {settings!r}}}
print("generating")
try:
    sobolev.generate(spec, r"{tmp_path / "b.h5"}", progress=False)
except KeyboardInterrupt:
    print("stopped")
"""
    output, _ = interrupt(program, when="generating")
    assert "stopped" in output
    part = sobolev.Dataset.open(tmp_path / "b.h5", finished=True)
    with pytest.raises(sobolev.DataError, match="unfinished"):
        sobolev.Dataset.open(tmp_path / "b.h5")
    number = len(part) - 1
    spec = {"equation": "burgers", "samples": f"{number}..{number + 1}", "settings": settings}
    again = sobolev.generate(spec, tmp_path / "again.h5", progress=False)
    assert number >= 0 and np.array_equal(part[number][1], again[0][1])


def test_an_exception_in_a_signal_handler_ends_the_work() -> None:
    program = """
import signal, sobolev, numpy as np
class Enough(Exception): pass
def handler(*_): raise Enough
signal.signal(signal.SIGINT, handler)
u0 = np.sin(2 * np.pi * np.arange(4096) / 4096)
print("solving")
try:
    sobolev.solvers.burgers(np.stack([u0] * 64), 1e-3, np.linspace(0.1, 1000, 10000), step=1e-6)
except Enough:
    print("enough")
"""
    output, _ = interrupt(program, when="solving")
    assert "enough" in output
