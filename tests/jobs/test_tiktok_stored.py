"""TikTok through the collecting part of a night into a real store: exports before and after the login, removals, lost tokens."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from collectors.files import read_export
from collectors.tiktok_tokens import Shelf, token_of
from pantau.core.clock import local_day
from pantau.core.model import Reading, Window
from pantau.store import open_store
from pantau.store.store import Store
from tests.collectors.contract.nights import Nights
from tests.collectors.contract.tiktok_stage import TikTokStage
from tests.jobs.office import NIGHT, open_office
from tests.servers.base import Fault, broken_off
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET, FakeClip, FakeTikTok, TikTokServer

NO_LINK = "https://v16m.tiktokcdn.com/abc/video/tos/alisg/oUx/?a=1233"


@pytest.fixture(autouse=True)
def _fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _number: None)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[TikTokStage]:
    with TikTokStage(tmp_path / "kantor", people=2) as opened:
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'pantau.db'}") as opened:
        yield opened


def log_in(stage: TikTokStage, who: int) -> None:
    """``pantau accounts tiktok-login``, shortened."""
    account = stage.server.accounts[who]
    token = token_of(stage.server.issue(account), stage.registered(who).handle, CLIENT_KEY, stage.clock.now())
    Shelf(stage.folder / "data" / "tiktok").save(token)


def log_out(stage: TikTokStage, who: int) -> None:
    """Before the account ever logged in."""
    (stage.folder / "data" / "tiktok" / f"{stage.registered(who).handle}.json").unlink(missing_ok=True)


def bring_export(nights: Nights, stage: TikTokStage, who: int, *, words: bool = True, ids: bool = False) -> int:
    """Import the account's data export of this moment; how many posts were new."""
    account = stage.server.accounts[who]
    rows = []
    for clip in account.clips:
        link = f"https://www.tiktok.com/@{account.handle}/video/{clip.video_id}" if ids else NO_LINK
        row = {"Date": f"{clip.at:%Y-%m-%d %H:%M:%S}", "Link": link, "Likes": "1"}
        rows.append(row | ({"Title": clip.title} if words else {}))
    profile = {"Profile Info": {"ProfileMap": {"userName": stage.registered(who).handle}}}
    path = stage.folder / "user_data_tiktok.json"
    path.write_text(json.dumps({"Post": {"Posts": {"VideoList": rows}}, "Profile And Settings": profile}))
    known = nights.store.accounts.sync(nights.register(), local_day(nights.now, nights.settings.zone))
    run_id = f"i-{nights.now:%Y%m%d%H%M%S}-{stage.server.count()}"
    nights.store.runs.begin("import", run_id, Window(nights.now, nights.now), nights.now, nights.now)
    return nights.store.import_posts(run_id, list(read_export(path, "auto", known)), nights.now).new


def by_unit(nights: Nights, readings: list[Reading]) -> list[str]:
    """Outcome and class, account by account."""
    found = {reading.account: f"{reading.outcome} {reading.unread_class}".strip() for reading in readings}
    return [found[account.key] for account in nights.register()]


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("ids", [True, False])
def test_a_post_that_an_export_brought_does_not_come_twice_once_the_account_has_logged_in(
    words: bool, ids: bool, stage: TikTokStage, store: Store
) -> None:
    nights = Nights(store, [stage])
    log_out(stage, 0)
    for hours in (30, 50, 51):
        stage.publish(0, f"umur {hours}", nights.now - timedelta(hours=hours))
    assert bring_export(nights, stage, 0, words=words, ids=ids) == 3
    assert by_unit(nights, nights.night()) == ["unread not_watched", "read"]
    log_in(stage, 0)
    stage.publish(0, "sesudah masuk")
    for _ in range(2):
        assert by_unit(nights, nights.night()) == ["read", "read"]
    nights.nothing_lost_or_doubled()
    span = Window(nights.start - timedelta(days=90), nights.now + timedelta(days=1))
    assert len(list(store.posts.in_window(span))) == 4
    assert bring_export(nights, stage, 0, words=words, ids=ids) == 0
    run = nights.last
    assert run is not None
    assert not store.posts.vanished(run.run_id)


def test_a_removed_video_has_vanished_and_an_edited_caption_is_an_edit(stage: TikTokStage, store: Store) -> None:
    nights = Nights(store, [stage])
    items = [stage.publish(0, f"umur {n}", nights.now - timedelta(hours=5 * n + 1)) for n in range(6)]
    nights.night()
    stage.delete(items[3])
    stage.edit(items[1], "ralat")
    gone = 0
    for _ in range(3):
        nights.night()
        assert nights.last is not None
        gone += len(store.posts.vanished(nights.last.run_id))
    assert gone == 1
    assert [one.endswith("ralat") for one in nights.texts(stage)[items[1].serial]] == [True]
    nights.nothing_lost_or_doubled()


def test_after_a_lost_token_answer_the_account_is_unread_until_it_logs_in_and_then_nothing_is_missing(
    stage: TikTokStage, store: Store
) -> None:
    nights = Nights(store, [stage])
    stage.publish(0, "dulu", nights.now - timedelta(hours=5))
    nights.night()
    stage.publish(0, "di sela")
    stage.server.faults.add(Fault(change=broken_off, endpoint="token", account=stage.registered(0).handle))
    assert by_unit(nights, nights.night())[0].startswith("unread")
    stage.publish(0, "di sela kedua")
    assert by_unit(nights, nights.night()) == ["unread token", "read"]
    log_in(stage, 0)
    assert by_unit(nights, nights.night()) == ["read", "read"]
    nights.nothing_lost_or_doubled()


_STORY = st.lists(
    st.tuples(
        st.sampled_from([None, "lost token", *(name for name, case in TikTokStage.cases.items() if not case.stalls)]),
        st.lists(
            st.tuples(st.integers(0, 1), st.sampled_from(["publish", "burst", "edit", "delete", "rename"])), max_size=6
        ),
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=_STORY, words=st.booleans())
@example(story=[(None, [(1, "edit")]), (None, [])], words=True)
def test_whatever_happens_a_normal_night_leaves_every_video_once_in_the_store(
    story: list[tuple[str | None, list[tuple[int, str]]]], words: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cerita")
    with TikTokStage(folder / "kantor", people=2) as stage, open_store(f"sqlite:///{folder / 'pantau.db'}") as store:
        nights = Nights(store, [stage])
        log_out(stage, 1)
        for n in range(5):
            stage.publish(1, f"ekspor {n}", nights.now - timedelta(hours=7 * n + 2))
        bring_export(nights, stage, 1, words=words)
        nights.night()
        log_in(stage, 1)
        for number, (fault, steps) in enumerate(story):
            for who, step in steps:
                own = [item for item in stage.items if item.who == who and item.visible]
                if step in ("publish", "burst"):
                    for n in range(1 if step == "publish" else 25):
                        stage.publish(who, f"malam {number} {n}", nights.now + timedelta(seconds=n // 2))
                elif step == "rename":
                    stage.rename(who, f"baru{number}.{who}")
                elif own and step == "edit":
                    stage.edit(own[-1], f"ralat {number}")
                elif own:
                    stage.delete(own[0])
            nights.pass_hours(20)
            if fault == "lost token":
                stage.server.faults.add(Fault(change=broken_off, endpoint="token"))
            elif fault:
                stage.switch(fault)
            nights.night()
            stage.heal()
        log_in(stage, 0)
        log_in(stage, 1)
        nights.pass_hours(1)
        assert by_unit(nights, nights.night()) == ["read", "read"]
        nights.nothing_lost_or_doubled()


def test_a_whole_night_reads_who_has_logged_in_and_counts_the_others_as_not_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTAU_TIKTOK_SECRET", CLIENT_SECRET)
    clips = [FakeClip(NIGHT - timedelta(hours=4), "SLOT GACOR maxwin pasti WD, daftar di tautan bio")]
    connected, apart = FakeTikTok("desa.masuk", clips), FakeTikTok("desa.belum", [])
    with TikTokServer([connected, apart], lambda: NIGHT) as server, open_office(tmp_path, apart=False) as office:
        office.extra_rows = [
            {
                "unit_code": f"DS-{n}",
                "unit_name": f"Desa {n}",
                "unit_kind": "desa",
                "platform": "tiktok",
                "handle": one.handle,
            }
            for n, one in enumerate((connected, apart))
        ]
        office.settings_tail = (
            f'[collect.tiktok]\nclient_key = "{CLIENT_KEY}"\nclient_secret = "env:PANTAU_TIKTOK_SECRET"\n'
            f'api_url = "{server.url}"\n'
        )
        office.write()
        text = (
            office.config.read_text()
            .replace(office.instagram.proxy_url, "")
            .replace("enabled = true", "enabled = false")
        )
        office.config.write_text(text)
        token = token_of(server.issue(connected), "desa.masuk", CLIENT_KEY, NIGHT + timedelta(days=365))
        Shelf(tmp_path / "data" / "tiktok").save(token)
        night = office.night()
        assert night.returncode == 0, night.stderr
        assert server.count("list") == 1
        text = office.run("digest", "show", "--format", "text").stdout
        assert "@desa.masuk" in text
        assert "TikTok: 1 akun terdaftar, belum dipantau" in " ".join(text.split())
