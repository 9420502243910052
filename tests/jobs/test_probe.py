"""``pantau probe`` on the real command line against local services."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import Pace
from collectors.probe import look, x_accounts_within, x_budget
from jobs.lock import run_lock
from jobs.points import points
from jobs.probing import choose
from pantau.core.exchange import Look
from pantau.core.model import Account, Target, Unit, Window
from pantau.core.settings import Collect, Settings, XSettings
from pantau.core.settings_file import load_settings
from tests.fakes import SimClock
from tests.jobs.probe_office import ProbeOffice, open_probe_office
from tests.servers.base import Fault, Reply, broken_off, json_reply
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.x_server import XServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProbeOffice]:
    with open_probe_office(tmp_path, monkeypatch) as one:
        yield one


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Reply], Reply]:
    """A fault that changes the answer's JSON."""

    def apply(reply: Reply) -> Reply:
        body = json.loads(reply.body)
        change(body)
        return json_reply(body, reply.status, {"x-rate-limit-remaining": "1"})

    return apply


def test_when_all_is_as_expected_it_says_so_with_costs_limits_and_times(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    assert office.probe() == 0
    said = capsys.readouterr()
    assert said.out.count("Bentuk jawaban: seperti yang diharapkan") == 6
    assert "4 dari 4 akun dicoba" in said.out
    assert f"{office.x.posts_billed} tweet dan {office.x.users_billed} pengguna ditagih, $0.070" in said.out
    assert f"Biaya: {office.tube.units} unit kuota (youtube-api)" in said.out
    assert "Batas laju x.search: x-rate-limit-limit 300, x-rate-limit-remaining 299" in said.out
    assert "x: 4 dari 4 akun akan dibaca; biaya paling banyak $0.50" in said.err
    assert said.out.count("Waktu jawab: tengah 0,0") == 6


def test_nothing_of_it_is_kept_for_the_nights(office: ProbeOffice) -> None:
    before = set(office.folder.rglob("*"))
    office.probe()
    assert {path.name for path in set(office.folder.rglob("*")) - before} <= {"pantau.lock"}


def test_it_waits_for_no_night_and_disturbs_none(office: ProbeOffice, capsys: pytest.CaptureFixture[str]) -> None:
    with run_lock(office.folder / "data"):
        assert office.probe() == 4
    assert "sedang berjalan" in capsys.readouterr().err
    assert not office.x.log
    assert not office.tiktok.log


def test_a_login_that_tiktok_renews_is_kept_since_the_old_one_is_worth_nothing_then(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    office.log_in(office.tiktok.accounts[0], timedelta(hours=3))
    assert office.probe("--platform", "tiktok") == 0
    assert "[benar] tt-rotates" in capsys.readouterr().out
    traded = office.tiktok.count("token")
    assert office.probe("--platform", "tiktok") == 0
    assert (traded, office.tiktok.count("token")) == (1, 1)


def test_an_account_that_has_not_logged_in_to_the_office_s_app_is_no_failure(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    office.rows = [("tiktok", "desa.tiga", "")]
    office.write()
    assert office.probe("--platform", "tiktok") == 0
    said = capsys.readouterr().out
    assert "Akun: terbaca 2, gagal 0, belum dipantau 1" in said
    assert "@desa.tiga" in said or "desa.tiga (tiktok)" in said
    assert "tiktok-login" in said


def test_a_renamed_field_is_named_with_its_old_and_its_new_name(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    def rename(body: dict[str, Any]) -> None:
        for post in body["data"]:
            post["posted_at"] = post.pop("created_at")

    office.x.faults.add(Fault(change=edited(rename), endpoint="search_all", times=None))
    assert office.probe("--platform", "x") == 1
    said = capsys.readouterr().out
    assert "x.search data[].created_at: selalu diharapkan (teks), tidak ada 6 kali" in said
    assert "x.search data[].posted_at: kolom yang tidak dikenal (teks), 6 kali" in said
    assert "[TIDAK BENAR] x-old-names" in said


def test_an_unknown_field_is_named_once_and_not_with_all_that_is_in_it(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    def add(body: dict[str, Any]) -> None:
        for video in body["items"]:
            video["paidContent"] = {"level": 1, "kinds": ["a"]}

    office.tube.faults.add(Fault(change=edited(add), endpoint="videos", times=None))
    assert office.probe("--platform", "youtube") == 1
    said = capsys.readouterr().out
    assert re.findall(r"  - (.*)", said) == [
        "youtube.videos items[].paidContent: kolom yang tidak dikenal (objek), 7 kali"
    ]


def test_a_field_of_another_type_is_named(office: ProbeOffice, capsys: pytest.CaptureFixture[str]) -> None:
    def number(body: dict[str, Any]) -> None:
        body["business_discovery"]["media_count"] = str(body["business_discovery"]["media_count"])

    office.graph.faults.add(Fault(change=edited(number), endpoint="discovery", times=None))
    assert office.probe("--platform", "instagram") == 1
    assert "business_discovery.media_count: berisi teks, diharapkan angka" in capsys.readouterr().out


def test_a_revoked_token_is_one_plain_sentence_for_all_accounts(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    office.x.token = "lain"
    office.graph.token = "lain"
    assert office.probe() == 1
    said = capsys.readouterr().out
    assert "semua 4 akun: token X ditolak (401); buat token baru" in said
    assert len(re.findall(r"semua 3 akun: .*token", said)) == 1
    assert "uji-token-x" not in said


def test_a_platform_that_is_not_set_up_is_named_with_the_key_to_fill_in(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    office.off = {"facebook"}
    office.write()
    assert office.probe() == 0
    assert "facebook: belum disiapkan (3 akun di daftar). Isi collect.facebook.token" in capsys.readouterr().out
    assert office.probe("--platform", "facebook") == 2
    assert office.probe("--platform", "fesbuk") == 2
    assert "tidak dikenal; pilih x, instagram" in capsys.readouterr().err


def test_a_secret_that_cannot_be_read_stops_its_own_platform_only(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROBE_TUBE")
    assert office.probe() == 1
    said = capsys.readouterr().out
    assert "youtube: tidak dapat dibaca. Variabel lingkungan PROBE_TUBE kosong." in said
    assert said.count("akun dicoba") == 5
    assert office.probe("--platform", "youtube") == 2


def test_without_any_platform_or_with_wrong_settings_it_is_a_matter_of_configuration(office: ProbeOffice) -> None:
    office.off = {"x", "instagram", "facebook", "youtube", "website", "tiktok"}
    office.write()
    assert office.probe() == 2
    office.config.write_text("[collect.x]\nbearer = 1\n")
    assert office.probe() == 2


def test_accounts_that_fail_are_named_and_those_that_are_not_there_are_no_failure(
    office: ProbeOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    office.rows = [("x", "contoh_hilang", "")]
    office.write()
    assert office.probe("--platform", "x") == 0
    assert "tidak ditemukan 1" in capsys.readouterr().out
    office.web.faults.add(Fault(Reply(403, b"tidak boleh"), account="desa", times=None))
    assert office.probe("--platform", "website") == 1
    said = capsys.readouterr().out
    assert "terbaca 2, gagal 1" in said
    assert "situs.contoh.go.id/desa (website): situs menolak dibaca oleh mesin (403)" in said
    assert "[terukur] web-refusing: berapa situs menolak User-Agent kita (1 dari 3" in said


def test_points_are_answered_from_the_answers_alone(office: ProbeOffice, capsys: pytest.CaptureFixture[str]) -> None:
    office.web.sites["dinas"].validators = False
    office.graph.unknown_fields = {"thumbnail_url"}
    office.graph.personal = {"contoh.rsud"}

    def other_title(reply: Reply) -> Reply:
        return Reply(reply.status, reply.body.replace(b"<title>Video 1<", b"<title>Video satu<"), reply.headers)

    office.tube.faults.add(Fault(change=other_title, endpoint="feed", times=None))
    assert office.probe() == 1
    said = capsys.readouterr().out
    assert "[terukur] web-304: umpan yang tidak berubah dijawab 304 (2 dari 3 situs" in said
    assert "[TIDAK BENAR] ig-thumbnail" in said
    assert "[terukur] ig-professional: berapa akun yang profesional (1 dari 2 akun profesional)" in said
    assert "[TIDAK BENAR] yt-same-text: judul dan keterangan di RSS sama dengan di API (6 dari 7" in said
    assert "[tidak dapat dijawab] x-includes-billed" in said


def test_every_point_of_the_documentation_has_its_check_and_the_other_way_round() -> None:
    text = (ROOT / "docs" / "platforms.md").read_text("utf-8")
    named = {}
    for section in text.split("\n## ")[1:]:
        platform = re.search(r"`platform` (\w+)", section.split("\n", 1)[0])
        for block in section.split("On documents alone")[1:]:
            assert platform, section[:40]
            items = re.match(r"[^\n]*:\n\n((?:- `[a-z0-9-]+`: [^\n]*\n(?:  [^\n]*\n)*)+)", block + "\n")
            assert items, f"{platform[1]}: what rests on documents alone must be a list of ids"
            assert platform[1] not in named, f"{platform[1]}: two lists"
            named[platform[1]] = set(re.findall(r"^- `([a-z0-9-]+)`:", items[1], re.MULTILINE))
    known: dict[str, set[str]] = {}
    for point in points():
        assert (point.check is None) == bool(point.why)
        known.setdefault(point.platform, set()).add(point.id)
    assert named == known


units = st.lists(st.tuples(st.sampled_from(["opd", "desa", "rsud"]), st.integers(0, 9)), min_size=1, max_size=40)


@given(units, st.integers(1, 12))
def test_the_choice_is_spread_over_kinds_and_priorities_and_always_the_same(
    rows: list[tuple[Any, int]], count: int
) -> None:
    table = {f"u{n}": Unit(code=f"u{n}", name="", kind=kind, priority=level) for n, (kind, level) in enumerate(rows)}
    accounts = [Account(platform="x", handle=f"a{code}", unit=code) for code in table]
    chosen = choose(accounts, table, count)
    assert chosen == choose(accounts[::-1], table, count)
    assert len({account.handle for account in chosen}) == len(chosen) == min(count, len(rows))
    per_kind = [sum(table[one.unit].kind == kind for one in chosen) for kind in {kind for kind, _ in rows}]
    left = [sum(kind == other for other, _ in rows) for kind in {kind for kind, _ in rows}]
    assert all(max(per_kind) - one <= 1 or one == all_of_it for one, all_of_it in zip(per_kind, left, strict=True))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.1, 0.7),
    st.lists(
        st.tuples(st.integers(0, 60), st.booleans(), st.sampled_from(["plain", "renamed", "lagging"])),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)]),
    st.booleans(),
    st.booleans(),
)
def test_x_never_costs_more_than_the_limit(
    limit_usd: float, rows: list[tuple[int, bool, str]], start: datetime, archive: bool, short_pages: bool
) -> None:
    """Short pages leave a rest of the budget, renamed and lagging accounts are looked up once more at the end."""
    clock = SimClock(start)
    accounts = []
    for n, (posts, _, kind) in enumerate(rows):
        late = start + timedelta(days=1) if kind == "lagging" else None
        times = [start - timedelta(hours=1, minutes=k) for k in range(posts)]
        own = [FakeXPost("Layanan", at, sequence=n, indexed_at=late) for at in times]
        accounts.append(FakeXAccount(f"akun{n}", 5000 + n, own))
    targets = []
    for one, (_, known, kind) in list(zip(accounts, rows, strict=True))[: x_accounts_within(limit_usd)]:
        handle = f"lama_{one.handle}" if kind == "renamed" else one.handle
        number = str(one.id) if known or kind == "renamed" else ""
        account = Account(platform="x", handle=handle, unit="", platform_id=number)
        targets.append(Target(account=account, since=start - timedelta(days=6)))
    with XServer(accounts, now=lambda: clock.time, archive=archive, short_pages=short_pages) as server:
        seen = read_x(server, clock, targets, limit_usd)
        assert len(seen.scans) == len(targets)
        assert sum(cost.usd for cost in seen.costs) == pytest.approx(bill_usd(server))
        assert bill_usd(server) <= limit_usd + 1e-9


@pytest.mark.parametrize(("hour", "kept_back_usd"), [(12, 0.045), (23, 0.045 + 0.03)])
def test_users_may_be_billed_twice_when_a_new_day_of_billing_begins_in_between(hour: int, kept_back_usd: float) -> None:
    clock = SimClock(datetime(2026, 11, 24, hour, 55, tzinfo=UTC))
    pace = Pace(clock.now, clock.sleep, clock.time + timedelta(minutes=10))
    target = Target(account=Account(platform="x", handle="akun", unit=""), since=clock.time)
    assert x_budget(0.5, [target] * 3, pace) == pytest.approx(0.5 - kept_back_usd)


def read_x(server: XServer, clock: SimClock, targets: list[Target], limit_usd: float) -> Look:
    pace = Pace(clock.now, clock.sleep, clock.time + timedelta(minutes=10))
    window = Window(clock.time - timedelta(days=6), clock.time)
    whole = Settings(collect=Collect(x=XSettings(bearer_token="env:X", api_url=server.url)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("X", server.token)
        return look("x", whole, pace, targets, window, Path("unused"), limit_usd)


def bill_usd(server: XServer) -> float:
    """What X would charge: each post and each user once per day."""
    return server.posts_billed * 0.005 + server.users_billed * 0.010


def test_it_runs_as_a_process_of_its_own_and_writes_its_report_to_a_file(office: ProbeOffice) -> None:
    target = office.folder / "laporan.txt"
    command = [
        sys.executable,
        "-m",
        "jobs",
        "-c",
        str(office.config),
        "probe",
        "--platform",
        "website",
        "--output",
        str(target),
    ]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "website: 3 dari 3 akun dicoba" in target.read_text("utf-8")


@pytest.mark.parametrize(
    "fault",
    [Fault(Reply(action="drop"), times=None), Fault(change=broken_off, times=None)],
    ids=["dropped", "broken off"],
)
def test_a_line_that_breaks_is_counted(office: ProbeOffice, tmp_path: Path, fault: Fault) -> None:
    office.web.faults.add(fault)
    clock = SimClock(datetime.now(UTC))
    pace = Pace(clock.now, clock.sleep, clock.now() + timedelta(minutes=10))
    window = Window(clock.now() - timedelta(days=6), clock.now())
    target = Target(
        account=Account(platform="website", handle=office.web.handle("kelurahan"), unit=""), since=window.start
    )
    seen = look("website", load_settings(office.config), pace, [target], window, tmp_path / "state", 0.5)
    assert (seen.unanswered, seen.exchanges) == (2, ())
    assert [scan.reading.unread_class for scan in seen.scans] == ["network"]
