"""The contract of ``pantau.core.ports.Collector``, for every source that the registry knows, against its real local server."""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import structlog

from collectors.registry import COLLECTORS
from pantau.core.model import Post, Scan, Target, Window
from tests.collectors.contract.stage import NIGHT, Stage
from tests.collectors.contract.stages import ALL, STAGES

DAY = timedelta(days=1)
TEXTS = (
    "Banjir 🌊 di dusun Krajan 👨‍👩‍👧 sudah surut\nPosko buka pukul 08.00",
    "nol​lebar‌dan‍gabung, e\u0301 tetap dua",
    "‮kanan ke kiri‬ العربية עברית ꧋ꦲꦏ꧀ꦱꦫ",
    "a < b & c > d; &amp; tetap, \"kutip\" 'satu' \\ garis",
    "panjang " + "ä🌾x" * 1660 + " tamat",
)


@pytest.fixture(params=ALL, ids=[kind.variant for kind in ALL])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with request.param(tmp_path / "kantor") as opened:
        yield opened


def fill(stage: Stage) -> None:
    """Posts of the last hours, of some days ago, one at the window's very start and one that comes after the window."""
    for who in range(stage.people):
        for age in (timedelta(hours=3), timedelta(hours=20), timedelta(days=2), timedelta(days=8)):
            stage.publish(who, f"umur {age}", NIGHT - age - timedelta(minutes=who))


def collect(stage: Stage, targets: Sequence[Target], hours: float = 4.0) -> list[Scan]:
    """One reading by a collector of its own. The window ended an hour ago."""
    collector = stage.build(stage.pace(hours))
    return list(collector.collect(targets, Window(NIGHT - DAY, NIGHT)))


def posts_of(scans: Sequence[Scan]) -> list[Post]:
    return [collected.post for scan in scans for collected in scan.posts]


@pytest.mark.parametrize("platform", COLLECTORS)
def test_every_platform_of_the_registry_has_a_stage(platform: str) -> None:
    assert STAGES.get(platform), (
        f"collectors/registry.py knows {platform!r}, the contract tests do not: add tests/collectors/contract/{platform}_stage.py "
        f"with a subclass of Stage (local server, settings, a few accounts, faults) and name it in stages.py under {platform!r}"
    )
    assert all(stage.platform == platform for stage in STAGES[platform])


def test_each_target_gets_one_scan_with_aware_times_a_source_and_posts_of_the_wanted_span_only(stage: Stage) -> None:
    fill(stage)
    for who in range(stage.people):
        stage.publish(who, "sesudah jendela", NIGHT + timedelta(minutes=10))
    stage.clock.time = NIGHT + timedelta(hours=1)
    targets = stage.targets(days=4)
    since = targets[0].since
    scans = collect(stage, targets)
    assert sorted(scan.reading.account for scan in scans) == sorted(target.account.key for target in targets)
    for scan in scans:
        reading = scan.reading
        assert (reading.outcome, reading.unread_class, reading.complete) == ("read", "", True), reading
        assert reading.source in stage.sources()
        assert reading.checked_at.tzinfo == UTC
        own = [item.at for item in stage.items if item.who == _who(stage, scan)]
        assert reading.last_post_at in (max(own), max(at for at in own if at < NIGHT))
        for collected in scan.posts:
            post, item = collected.post, stage.item_of(collected.post)
            assert post.account == reading.account
            assert item.who == _who(stage, scan)
            assert post.platform == stage.platform
            assert (post.published_at, post.published_at.tzinfo) == (item.at, UTC)
            assert since - stage.overlap <= post.published_at < NIGHT
            json.loads(collected.raw)
            assert post.raw_sha256 in ("", hashlib.sha256(collected.raw).hexdigest())
    wanted = {item.serial for item in stage.items if since <= item.at < NIGHT}
    assert wanted <= {stage.item_of(post).serial for post in posts_of(scans)}


def test_texts_are_kept_exactly_as_published(stage: Stage) -> None:
    items = [stage.publish(0, text, NIGHT - timedelta(hours=n + 1)) for n, text in enumerate(TEXTS)]
    for who in range(1, stage.people):
        stage.publish(who, "lain", NIGHT - timedelta(hours=1))
    found = {stage.item_of(post).serial: post.text for post in posts_of(collect(stage, stage.targets()))}
    for item in items:
        assert found[item.serial] == stage.shown(item.serial, item.text)


def test_posts_keep_their_keys_from_night_to_night_and_whatever_the_order_of_accounts(stage: Stage) -> None:
    fill(stage)
    first = posts_of(collect(stage, stage.targets()))
    stage.clock.time = NIGHT + timedelta(hours=2)
    targets = stage.targets()[::-1]
    second = posts_of(collect(stage, targets))
    names = {stage.item_of(post).serial: post.key for post in first}
    assert len(set(names.values())) == len(first) == 4 * stage.people
    assert {stage.item_of(post).serial: post.key for post in second} == names
    assert {post.key: post.text for post in second} == {post.key: post.text for post in first}


def test_an_empty_list_of_accounts_makes_no_request(stage: Stage) -> None:
    collector = stage.build()
    assert list(collector.collect([], Window(NIGHT - DAY, NIGHT))) == []
    assert sum(server.count() for server in stage.servers()) == 0
    assert sum(cost.requests for cost in collector.costs()) == 0


def test_costs_only_grow_and_equal_what_the_server_counted(stage: Stage) -> None:
    fill(stage)
    collector = stage.build()
    seen = [_requests(collector.costs())]
    for _ in range(2):
        for _scan in collector.collect(stage.targets(), Window(NIGHT - DAY, NIGHT)):
            seen.append(_requests(collector.costs()))
        seen.append(_requests(collector.costs()))
        assert {source: number for source, number in seen[-1].items() if number} == {
            source: number for source, number in stage.counted().items() if number
        }
    for before, after in pairwise(seen):
        assert all(after[source] >= number for source, number in before.items())
    assert all(cost.platform == stage.platform for cost in collector.costs())


def test_after_the_deadline_nobody_is_asked_and_all_are_unread_for_that_reason(stage: Stage) -> None:
    fill(stage)
    scans = collect(stage, stage.targets(), hours=-0.01)
    assert {(scan.reading.outcome, scan.reading.unread_class) for scan in scans} == {("unread", "deadline")}
    assert len(scans) == stage.people
    assert all(scan.reading.reason for scan in scans)
    assert {server.count() for server in stage.servers()} == {0}


def test_a_night_without_faults_waits_no_longer_than_is_documented(stage: Stage) -> None:
    fill(stage)
    collect(stage, stage.targets())
    requests = sum(stage.counted().values())
    assert sum(stage.clock.slept_s) <= stage.waits_s * requests


@pytest.mark.parametrize("stop_after", [1, 2])
def test_an_interrupted_collector_leaves_no_thread_no_socket_and_no_half_file(stage: Stage, stop_after: int) -> None:
    fill(stage)
    collector = stage.build()
    threads, sockets = set(threading.enumerate()), _sockets()
    scans = collector.collect(stage.targets(), Window(NIGHT - DAY, NIGHT))
    for _ in range(stop_after):
        next(scans)
    scans.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (_ours() - threads or _sockets() > sockets):
        time.sleep(0.01)
    assert not _ours() - threads
    assert _sockets() <= sockets
    for file in (path for path in stage.settings().state_dir.rglob("*") if path.is_file()):
        assert file.suffix == ".json", file
        json.loads(file.read_text())
    again = list(collector.collect(stage.targets(), Window(NIGHT - DAY, NIGHT)))
    assert {scan.reading.outcome for scan in again} == {"read"}


def test_nothing_is_written_outside_the_state_folder(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "rumah"
    home.mkdir()
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(home)
    fill(stage)
    stage.settings()
    before = _files(tmp_path)
    collect(stage, stage.targets())
    state = stage.settings().state_dir
    new = {path: content for path, content in _files(tmp_path).items() if before.get(path) != content}
    assert all(path.is_relative_to(state) for path in new), sorted(new)


@pytest.mark.parametrize("fault", ["", "drop", "401", "5xx html", "truncated"])
def test_no_secret_reaches_a_log_a_reason_a_raw_answer_or_a_file(
    stage: Stage, fault: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(stage)
    if fault:
        if fault not in stage.cases:
            pytest.skip("not a fault of this platform")
        stage.switch(fault)
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict)}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as events:
            scans = collect(stage, stage.targets())
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    out, err = capfd.readouterr()
    outputs = [caplog.text, out, err, repr(events), *(repr(record.__dict__) for record in caplog.records)]
    outputs += [repr(scan) for scan in scans]
    outputs += [collected.raw.decode() for scan in scans for collected in scan.posts]
    own = [path for path in stage.settings().state_dir.rglob("*") if path.is_file()]
    outputs += [path.read_text() for path in own]
    for secret in stage.secrets:
        assert not [output for output in outputs if secret in output], secret


def _who(stage: Stage, scan: Scan) -> int:
    return [account.key for account in stage.accounts()].index(scan.reading.account)


def _requests(costs: Sequence[object]) -> dict[str, int]:
    return {cost.source: cost.requests for cost in costs}  # type: ignore[attr-defined]


def _ours() -> set[threading.Thread]:
    """Threads other than those of the local servers, which serve each connection in one."""
    return {thread for thread in threading.enumerate() if "process_request_thread" not in thread.name}


def _sockets() -> int:
    """Open sockets of this process, those of the local servers included. Python gives up what nobody holds at once."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            count += str(entry.readlink()).startswith("socket:")
    return count


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
