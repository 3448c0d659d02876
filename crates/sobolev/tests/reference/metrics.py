"""Values that the unit tests of `sobolev::metrics` compare with, from the definitions, in NumPy's double precision.

    python3 crates/sobolev/tests/reference/metrics.py
"""

import numpy as np


def fields(batch, grid, channels):
    """Target and prediction without symmetry, `[batch, x.., channel]`; the tests build the same ones."""
    index = np.indices((batch, *grid, channels)).astype(float)
    b, c, x = index[0], index[-1], index[1:-1]
    phase = sum((a + 1) * 0.37 * xa for a, xa in enumerate(x)) + 0.9 * b
    target = np.sin(phase) + 0.3 * np.cos(1.3 * phase * (1 + c)) + 0.1 * c
    error = 0.01 * np.cos(2.1 * phase + c) + 0.002 * (b + 1) * x[0]
    return target, target + error


def quotient(numerator, denominator):
    return np.sqrt(np.sum(numerator**2)) / np.sqrt(np.sum(denominator**2))


def h1_fourier(v):
    grid = v.shape[:-1]
    axes = tuple(range(len(grid)))
    k = np.meshgrid(*(np.fft.fftfreq(n, 1 / n) for n in grid), indexing="ij")
    weight = np.sqrt(1 + sum(ka**2 for ka in k))
    return weight[..., None] * np.abs(np.fft.fftn(v, axes=axes))


def h1_difference(v):
    grid = v.shape[:-1]
    slopes = [np.gradient(v, 2 * np.pi / n, axis=a, edge_order=2) for a, n in enumerate(grid)]
    return np.stack([v, *slopes])


def bands(error, volume):
    grid = error.shape[:-1]
    d, points = len(grid), np.prod(grid)
    if d == 1:
        spectrum = np.abs(np.fft.rfft(error, axis=0)) / points * volume
    else:
        energy = np.abs(np.fft.fftn(error, axes=tuple(range(d)))) ** 2
        last = min(n // 2 for n in grid)
        spectrum = np.zeros((last, error.shape[-1]))
        for k in np.ndindex(*(n // 2 for n in grid)):
            radius = int(np.floor(np.sqrt(sum(i * i for i in k))))
            if radius < last:
                spectrum[radius] += energy[k]
        spectrum = np.sqrt(spectrum) / points * volume
    return [spectrum[s].mean() if spectrum[s].size else None for s in (slice(0, 4), slice(4, 12), slice(12, None))]


def main():
    for grid, channels, lengths in [((32,), 1, (1.0,)), ((26, 31), 2, (1.0, 2.0)), ((6, 9, 8), 1, (1.0, 1.0, 3.0))]:
        target, prediction = fields(2, grid, channels)
        error = prediction - target
        space = tuple(range(len(grid)))
        print(f"grid {grid}, {channels} channels, lengths {lengths}")
        for b in range(2):
            e, t = error[b], target[b]
            rms = lambda v: np.sqrt(np.mean(v**2, axis=space))
            values = [
                quotient(e, t),
                quotient(h1_fourier(e), h1_fourier(t)),
                quotient(h1_difference(e), h1_difference(t)),
                rms(e).mean(),
                (rms(e) / rms(t)).mean(),
                np.abs(e).max(),
                *bands(e, np.prod(lengths)),
            ]
            print("    [" + ", ".join("None" if v is None else repr(float(v)) for v in values) + "],")


if __name__ == "__main__":
    main()
