"""The manifest of a rerun, whose lines several processes make where the range is large."""

from collections.abc import Callable
from functools import partial
from itertools import chain

import msgspec

from jobs.wiring import Job
from jobs.workers import shared_by, side_by_side
from pantau.core.model import Run
from pantau.store.manifests import KeySpan, Piece
from pantau.store.store import Store

SPAN_POSTS = 10_000
SHARED_FROM_POSTS = 50_000
"""A second process pays from here on."""


def keep_manifest(job: Job, store: Store, run: Run, reading: Run, posts: int) -> str:
    """Write the manifest of a rerun over so many ``posts``, read by the run ``reading``; its SHA-256."""
    keep = partial(store.manifests.keep, run.run_id, [reading.run_id], run.window)
    workers = shared_by(job.settings.checks.workers, large=posts >= SHARED_FROM_POSTS)
    spans = store.manifests.spans(SPAN_POSTS) if workers > 1 else []
    if (
        len(spans) < 2 or len(spans) * SPAN_POSTS > 2 * posts + SPAN_POSTS
    ):  # the range is a small part of what is stored
        return keep()
    store.close()  # no process may inherit an open connection
    runs = (run.run_id, reading.run_id)
    made = side_by_side(partial(_begin, store, runs, run), spans, workers)
    pieces = (Piece(*piece) for data in made for piece in msgspec.msgpack.decode(data, type=list[tuple[bytes, bytes]]))
    first = next(pieces)  # the processes begin before there is a transaction that they could inherit
    return keep(pieces=chain([first], pieces))


def _begin(store: Store, runs: tuple[str, ...], run: Run) -> Callable[[KeySpan], bytes]:
    return lambda span: msgspec.msgpack.encode(store.manifests.pieces_of(runs, run.window, span))
