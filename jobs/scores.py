"""Scores of the second signal worked out by the workers of a cluster before the checks need them."""

from collections import deque
from collections.abc import Iterable, Iterator

from jobs.cluster import Call, Cluster, ShardLostError
from jobs.shards import raw_here
from jobs.wiring import Site
from pantau.checks.features import text_of
from pantau.checks.known_signal import KnownSignal
from pantau.checks.second_signal import SecondSignal, shipped_signal
from pantau.core.errors import RuleError
from pantau.core.model import Post

CHUNK = 500
"""Texts of one piece of work: some tenths of a second."""
_AHEAD = 2
"""Pieces on their way for each worker."""


def known_signal(site: Site, posts: Iterable[Post]) -> SecondSignal | None:
    """The second signal that knows the scores of these posts; None where there is no cluster, or no model. ``ClusterLostError``."""
    if site.cluster is None:
        return None
    try:
        signal = shipped_signal()
    except RuleError:  # the checks say so themselves
        return None
    texts = list(dict.fromkeys(text for post in posts if (text := text_of(post))))
    known: list[str] = []
    rows = bytearray()
    for chunk, found in answers(site.cluster, texts):
        known += chunk
        rows += found
    return KnownSignal(signal, known, bytes(rows))


def answers(cluster: Cluster, texts: list[str]) -> Iterator[tuple[list[str], bytes]]:
    """Texts with the bytes of their scores; those on which workers die are left to this process."""
    waiting: deque[tuple[list[str], Call[bytes]]] = deque()
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        waiting.append((chunk, cluster.call(raw_here, cluster.version, chunk)))
        if len(waiting) > _AHEAD * cluster.workers:
            yield from _answer(waiting)
    while waiting:
        yield from _answer(waiting)


def _answer(waiting: deque[tuple[list[str], Call[bytes]]]) -> Iterator[tuple[list[str], bytes]]:
    chunk, call = waiting.popleft()
    try:
        yield chunk, call.result()
    except ShardLostError:
        return
