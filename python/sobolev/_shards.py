"""Shards of a data set on the workers of another engine."""

from __future__ import annotations

import concurrent.futures
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sobolev import _core
from sobolev._errors import DataError
from sobolev._progress import progress_bar

# Seconds after which a shard is tried again that another worker has in use: one that was given up may live on for a while.
PAUSES = tuple(0.1 * 2**tries for tries in range(8))
# More shards than threads: the last ones end at about the same time.
SHARDS_PER_THREAD = 4


def generate_shards(
    file: str | None,
    changes: dict[str, Any],
    client: Any,
    count: int | None,
    *,
    replace: bool,
    progress: bool,
) -> Any:
    """Run the shards of a spec on a client, or here one after the other, and merge them. Returns the file."""
    is_dask = hasattr(client, "scheduler_info")
    count = default_count(file, changes, client) if count is None else count
    output, shards = _core.shard_specs(file, changes, count, client is not None)
    if not shards:
        return _core.generate(file, {**changes, "output": os.fspath(output)}, None)
    paths = [path for _, path in shards]
    if replace:
        remove(paths)
    with progress_bar(progress, "shards", "shards") as bar:
        for done in run([text for text, _ in shards], client, is_dask):
            if bar.callback is not None:
                bar.callback(done, count, "")
    with progress_bar(progress, "merge", "samples") as bar:
        written = _core.merge(output, paths, replace, bar.callback)
    # What they hold is in the data set now.
    remove(paths)
    return written


def default_count(file: str | None, changes: dict[str, Any], client: Any) -> int:
    """Some shards for each thread of the workers, at most one a sample."""
    if hasattr(client, "nthreads"):
        threads: int = sum(client.nthreads().values())
    else:
        threads = getattr(client, "_max_workers", None) or 1
    return max(1, min(SHARDS_PER_THREAD * threads, _core.sample_count(file, changes)))


def run(specs: list[str], client: Any, is_dask: bool) -> Iterator[int]:
    """Run all specs; yields how many are done whenever one is. An error cancels those that have not begun."""
    if client is None:
        for done, spec in enumerate(specs, start=1):
            _core.generate_toml(spec)
            yield done
        return
    # Dask runs what a lost worker leaves elsewhere by itself; what a spec does wrong it would do wrong again.
    options: dict[str, Any] = {"retries": 0, "pure": False} if is_dask else {}
    futures = [client.submit(run_shard, spec, **options) for spec in specs]
    try:
        for done, future in enumerate(as_completed(futures, is_dask), start=1):
            future.result()
            yield done
    finally:
        for future in futures:
            future.cancel()


def as_completed(futures: list[Any], is_dask: bool) -> Iterator[Any]:
    """The futures in the order in which they end, so that an error is seen when it comes."""
    if not is_dask:
        return concurrent.futures.as_completed(futures)
    import distributed

    ended: Iterator[Any] = iter(distributed.as_completed(futures))
    return ended


def run_shard(spec: str) -> Any:
    """Make the shard of a spec given as TOML on a worker; waits for a file that another worker still has in use."""
    for pause in PAUSES:
        try:
            return _core.generate_toml(spec)
        except DataError as error:
            if ": in use, it is open" not in str(error):
                raise
        time.sleep(pause)
    return _core.generate_toml(spec)


def remove(paths: list[Any]) -> None:
    """Remove shards with the specs beside them, where they are."""
    for path in paths:
        for name in (os.fspath(path), f"{os.fspath(path)}.toml"):
            with suppress(FileNotFoundError):
                os.remove(name)
