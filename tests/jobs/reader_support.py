"""A reader against a local endpoint over a real socket, and posts for it."""

import itertools
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from jobs.catalogue import load_rules
from jobs.chat import HttpChat
from pantau.checks.catalogue import Catalogue
from pantau.checks.judge import Cancelled, CheckReport
from pantau.checks.reader import Reader
from pantau.checks.reader_cache import AnswerCache
from pantau.core.model import Cost, Evidence, Finding, Post
from pantau.core.settings import Network
from pantau.core.settings_reader import ReaderSettings
from tests.servers.reader_server import ReaderServer

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)
UNITS = {"x:1": "OPD-01"}


@cache
def catalogue() -> Catalogue:
    return load_rules(None, DAY)


def post(number: int, text: str, image_text: str = "") -> Post:
    return Post(platform="x", post_id=str(number), account="x:1", published_at=NOON, text=text, image_text=image_text)


def finding(item: Post, family: str, quote: str, strength: str = "flag", rule: str = "") -> Finding:
    start = item.text.index(quote)
    return Finding(
        rule_id=rule or f"test-{family.lower()}",
        rule_version=1,
        family=family,  # type: ignore[arg-type]
        level="sedang",
        strength=strength,  # type: ignore[arg-type]
        unit="OPD-01",
        account=item.account,
        post=item.key,
        published_at=item.published_at,
        subject=item.text_sha256,
        evidence=(Evidence(field="text", start=start, end=start + len(quote), quote=quote),),
        message="Perlu dicek.",
    )


def cancelled(item: Post) -> Cancelled:
    return Cancelled(rule_id="test", post=item.key, evidence=Evidence(field="text", cancelled_by="konteks"))


def settings(server: ReaderServer, **more: object) -> ReaderSettings:
    fields: dict[str, object] = {
        "url": server.base_url,
        "model": server.model,
        "mode": "every",
        "timeout_s": 5.0,
        "retries": 1,
    }
    return ReaderSettings(**(fields | more))  # type: ignore[arg-type]


def chat(server: ReaderServer, chosen: ReaderSettings, naps: list[float] | None = None) -> HttpChat:
    """``naps`` takes down how long the client would have slept."""
    sleep: Callable[[float], None] = (naps if naps is not None else []).append
    return HttpChat(chosen, Network(), server.key, sleep=sleep)


def reader(
    server: ReaderServer,
    chosen: ReaderSettings,
    *,
    folder: Path | None = None,
    rules: Catalogue | None = None,
    naps: list[float] | None = None,
    spent: float = 0.0,
    saved: list[Cost] | None = None,
    day: date = DAY,
) -> Reader:
    save = (saved if saved is not None else []).append
    return Reader(
        chat(server, chosen, naps),
        chosen,
        rules or catalogue(),
        AnswerCache(folder, day),
        time.monotonic,
        spent=spent,
        save_cost=save,
    )


def read(one: Reader, posts: Iterable[Post], findings: Iterable[Finding] = (), doubtful: Iterable[Post] = ()):
    held = list(posts)
    report = CheckReport(findings=list(findings), cancelled=[cancelled(item) for item in doubtful], posts=len(held))
    return one.read(held, report, UNITS)


def many(count: int, text: str = "Jadwal posyandu dusun {n}, mulai pukul 08.00.") -> list[Post]:
    return [post(n, text.format(n=n)) for n in itertools.islice(itertools.count(1), count)]
