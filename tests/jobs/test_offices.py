"""Several regencies with one installation: they share collectors and limits, and see nothing of each other."""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from collectors.tiktok_tokens import Shelf, Token
from jobs import exit_codes, nightly, offices
from jobs.__main__ import run
from jobs.collecting import pace_of_run
from jobs.night import Night, NightResult
from jobs.offices import OfficeResult
from jobs.progress import Progress
from jobs.together import divided
from pantau.core.model import Cost, Scan, Window
from tests.jobs.periods_office import wib
from tests.jobs.regencies import Regencies, Row

POSTGRES = os.environ.get("PANTAU_TEST_POSTGRES", "")
NIGHT = wib("2026-11-20")
BLORA: list[Row] = [
    ("OPD-1", "Dinas Pertanian Blora", "opd", "", "x", "tani_blora"),
    ("DES-1", "Desa Kamolan", "desa", "", "instagram", "kamolan"),
    ("PEJ-1", "Wakil Gubernur", "pejabat", "", "x", "wagub"),
]
REMBANG: list[Row] = [
    ("OPD-1", "Dinas Kelautan Rembang", "opd", "", "x", "laut_rembang"),
    ("DES-1", "Desa Sluke", "desa", "", "instagram", "sluke"),
    ("PEJ-9", "Wagub Jateng", "pejabat", "", "x", "wagub"),
]
PATI: list[Row] = [("OPD-1", "Dinas Pasar Pati", "opd", "", "x", "pasar_pati")]
POSTS = [
    ("x:@tani_blora", wib("2026-11-20 10:00"), "Dasar goblok, matamu picek po? Traktor Kamolan sudah dibagi."),
    ("instagram:@kamolan", wib("2026-11-20 09:00"), "Posyandu balita Kamolan pukul 08.00."),
    ("x:@laut_rembang", wib("2026-11-20 11:00"), "SLOT GACOR maxwin pasti WD, daftar di tautan bio kapal"),
    ("instagram:@sluke", wib("2026-11-15 09:00"), "Tambatan perahu Sluke selesai."),
    ("x:@wagub", wib("2026-11-20 08:00"), "Dasar goblok kalian semua, kata wakil gubernur."),
    ("x:@pasar_pati", wib("2026-11-20 07:00"), "Harga cabai di Pasar Puri Rp40.000."),
]
ONLY_BLORA = ("tani_blora", "Pertanian Blora", "Kamolan", "matamu picek", "sekda@blora.example", "Wakil Gubernur")
ONLY_REMBANG = ("laut_rembang", "Kelautan", "Sluke", "SLOT GACOR", "sekda@rembang.example", "Wagub Jateng")


def block(name: str, more: str = "") -> str:
    return f'name = "Kabupaten {name}"\n{more}\n[[office.mail.reader]]\naddress = "sekda@{name.lower()}.example"\n'


def three(home: Path, shared: str = "") -> Regencies:
    blocks = {"blora": block("Blora"), "rembang": block("Rembang"), "pati": block("Pati")}
    return Regencies(home, blocks, {"blora": BLORA, "rembang": REMBANG, "pati": PATI}, POSTS, shared)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Regencies:
    """Three offices after one night."""
    town = three(tmp_path_factory.mktemp("kabupaten"))
    assert codes(town.night(NIGHT)) == {"blora": 0, "rembang": 0, "pati": 0}
    return town


@pytest.fixture
def pair(tmp_path: Path) -> Regencies:
    """Two offices before their first night."""
    blocks = {"blora": block("Blora"), "pati": block("Pati")}
    return Regencies(tmp_path, blocks, {"blora": BLORA, "pati": PATI}, POSTS)


def codes(results: dict[str, OfficeResult]) -> dict[str, int]:
    return {code: result.exit_code for code, result in results.items()}


def findings(town: Regencies, code: str) -> set[tuple[str, str]]:
    with town.store(code) as store:
        night = next(one for one in store.runs.recent(9) if one.kind == "nightly")
        return {(one.rule_id, one.account) for one in store.findings.of_run(night.run_id)}


def test_no_byte_of_one_office_is_in_what_another_gets_keeps_or_mails(seen: Regencies) -> None:
    town = seen
    for own, other, code in ((ONLY_BLORA, ONLY_REMBANG, "blora"), (ONLY_REMBANG, ONLY_BLORA, "rembang")):
        held = town.outputs(code)
        text = town.digest(code)
        assert [word for word in own if word.encode() not in held] == []
        assert [word for word in other if word.encode() in held or word in text] == []
        assert [word for word in (*ONLY_BLORA, *ONLY_REMBANG) if word.encode() in town.outputs("pati")] == []
        assert [mail.name.count("n-20261120-staff-sekda@" + code) for mail in town.mails(code)] == [1]


def test_an_account_in_two_registers_is_read_once_and_found_by_both(seen: Regencies) -> None:
    town = seen
    assert sorted(town.asked) == sorted({account for account, _, _ in POSTS})
    assert set(town.asked.values()) == {1}
    for code in ("blora", "rembang"):
        assert any(account == "x:@wagub" for _, account in findings(town, code))
        with town.store(code) as store:
            assert sum(post.account == "x:@wagub" for post in store.posts.new_in_run("n-20261120")) == 1


def test_an_office_that_joins_later_reads_back_and_one_that_knows_the_account_by_number_shares_it(
    tmp_path: Path,
) -> None:
    blocks = {"blora": block("Blora"), "rembang": block("Rembang")}
    town = Regencies(tmp_path, blocks, {"blora": BLORA, "rembang": REMBANG}, POSTS)
    town.night(NIGHT, "blora")
    numbered = [(*row[:5], row[5], "777") if row[5] == "wagub" else row for row in REMBANG]
    town.register("rembang", numbered)
    town.posts = [("x:777" if account == "x:@wagub" else account, at, text) for account, at, text in POSTS]
    town.posts.append(("x:777", wib("2026-11-21 08:00"), "Dasar goblok lagi, kata wakil gubernur."))
    town.asked.clear()
    assert codes(town.night(wib("2026-11-21"))) == {"blora": 0, "rembang": 0}
    assert town.asked["x:777"] == 1
    assert "x:@wagub" not in town.asked
    kept = {}
    for code in ("blora", "rembang"):
        with town.store(code) as store:
            found = store.posts.new_in_run("n-20261121")
            kept[code] = sorted(post.text for post in found if "wakil gubernur" in post.text)
    assert len(kept["blora"]) == 1
    assert len(kept["rembang"]) == 2


def test_norms_rules_and_letterhead_are_those_of_each_office(tmp_path: Path, seen: Regencies) -> None:
    insult = {rule for rule, account in findings(seen, "blora") if account == "x:@tani_blora"}
    assert insult
    off = "".join(f'"{rule}" = "nonaktif"\n' for rule in sorted(insult))
    own = f'region = "Blora Mustika"\n[office.norms]\ndesa = {{ days = 1, grace = 0 }}\n[office.rules.status]\n{off}'
    blocks = {"blora": block("Blora", own), "rembang": block("Rembang")}
    town = Regencies(tmp_path, blocks, {"blora": BLORA, "rembang": REMBANG}, POSTS)
    town.posts[1] = ("instagram:@kamolan", wib("2026-11-15 09:00"), "Talud Kamolan selesai.")
    town.night(NIGHT)
    states = {}
    for code, account in (("blora", "instagram:@kamolan"), ("rembang", "instagram:@sluke")):
        with town.store(code) as store:
            states[code] = {one.account: one.state for one in store.observations.of_run("n-20261120")}[account]
    assert states == {"blora": "quiet", "rembang": "active"}
    assert not insult & {rule for rule, _ in findings(town, "blora")}
    assert insult & {rule for rule, account in findings(town, "rembang") if account == "x:@wagub"}


def test_a_broken_office_stops_no_other_and_the_exit_code_says_so(
    pair: Regencies, capsys: pytest.CaptureFixture[str]
) -> None:
    pair.register("pati", [("OPD-1", "Dinas Pasar", "opdx", "", "x", "pasar_pati")])
    command = ["-c", str(pair.config)]
    assert run([*command, "nightly", "--as-of", NIGHT.isoformat()]) == exit_codes.NOT_DELIVERED
    said = capsys.readouterr().out
    assert "blora: n-20261120" in said
    assert "pati: Tidak dijalankan: 1 kesalahan" in said
    assert "opdx" in said
    assert run([*command, "digest", "show", "--office", "blora"]) == 0
    assert "Pati" not in capsys.readouterr().out
    assert run([*command, "review", "list"]) == exit_codes.BAD_CONFIGURATION
    assert "blora (Kabupaten Blora), pati (Kabupaten Pati)" in capsys.readouterr().err
    pair.register("pati", PATI)
    assert run([*command, "nightly", "--as-of", NIGHT.isoformat()]) == 0
    said = capsys.readouterr().out
    assert "pati: n-20261120:" in said
    assert "blora: malam ini sudah selesai sebelumnya" in said


def test_an_office_whose_database_fails_meanwhile_stops_alone(pair: Regencies) -> None:
    spoilt: list[Scan] = []

    def spoil(scan: Scan) -> None:
        if not spoilt:
            spoilt.append(scan)
            with sqlite3.connect(pair.installation.office("pati").state_dir / "pantau.db") as database:
                database.execute("drop table readings")

    pair.spoil = spoil
    results = pair.night(NIGHT)
    assert codes(results) == {"blora": 0, "pati": exit_codes.INTERRUPTED}
    assert len(pair.mails("blora")) == 1
    assert pair.mails("pati") == []


def test_killed_between_two_offices_and_started_again_nobody_gets_a_second_mail(
    pair: Regencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = nightly.finish_night

    def killed(night: Night, progress: Progress, *, send: bool = True) -> NightResult:
        if night.site.job.settings.code == "pati":
            raise KeyboardInterrupt
        return finish(night, progress, send=send)

    monkeypatch.setattr(offices, "finish_night", killed)
    with pytest.raises(KeyboardInterrupt):
        pair.night(NIGHT)
    monkeypatch.undo()
    assert [len(pair.mails(code)) for code in ("blora", "pati")] == [1, 0]
    before = pair.mails("blora")[0].stat().st_mtime_ns
    assert codes(pair.night(wib("2026-11-20 21:40"))) == {"blora": 0, "pati": 0}
    assert [len(pair.mails(code)) for code in ("blora", "pati")] == [1, 1]
    assert pair.mails("blora")[0].stat().st_mtime_ns == before
    assert set(pair.asked.values()) == {1}
    with pair.store("blora") as store:
        assert [one.run_id for one in store.runs.recent(9)] == ["n-20261120"]


def test_one_office_among_several_gets_the_digest_that_it_would_get_alone(tmp_path: Path, seen: Regencies) -> None:
    alone = Regencies(tmp_path, {"blora": block("Blora")}, {"blora": BLORA}, POSTS)
    alone.night(NIGHT)
    both, one = (msgspec.json.decode(town.digest("blora", "json")) for town in (seen, alone))
    assert "akun dibaca bersama kabupaten lain" in seen.digest("blora")
    assert both.pop("costs") != one.pop("costs")
    assert both == one


def test_a_backup_holds_every_office_and_restores_it_into_its_own_place(
    seen: Regencies, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, there = tmp_path / "cadangan.zip", tmp_path / "baru"
    assert run(["-c", str(seen.config), "backup", str(file)]) == 0
    there.mkdir()
    assert run(["-c", str(there / "pantau.toml"), "restore", str(file)]) == 0
    for code in ("blora", "rembang"):
        capsys.readouterr()
        assert run(["-c", str(there / "pantau.toml"), "digest", "show", "--office", code]) == 0
        assert capsys.readouterr().out == seen.digest(code)
        assert run(["-c", str(there / "pantau.toml"), "audit", "verify", "--office", code]) == 0
    (there / "pantau.toml").write_text(seen.config.read_text("utf-8").replace('"pati"', '"kudus"'), "utf-8")
    assert run(["-c", str(there / "pantau.toml"), "restore", str(file), "--replace"]) == exit_codes.BAD_CONFIGURATION
    assert "kudus" in capsys.readouterr().err


@pytest.mark.skipif(not POSTGRES, reason="PANTAU_TEST_POSTGRES is not set")
def test_on_postgresql_each_office_has_its_own_schema(seen: Regencies, tmp_path: Path) -> None:
    import psycopg

    server, name = POSTGRES.replace("postgresql+psycopg://", "postgresql://"), f"pantau_offices_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            url = f"{server.rpartition('/')[0]}/{name}"
            town = three(tmp_path, f'[store]\nurl = "{url}"\n')
            assert codes(town.night(NIGHT)) == {"blora": 0, "rembang": 0, "pati": 0}
            for code in ("blora", "rembang"):
                assert town.digest(code) == seen.digest(code)
            with psycopg.connect(url) as connection:
                found = connection.execute("select schemaname, count(*) from pg_tables group by 1").fetchall()
                spaces = {str(row[0]) for row in found if str(row[0]) not in ("pg_catalog", "information_schema")}
                assert spaces == {"pantau_blora", "pantau_rembang", "pantau_pati"}
                texts = str(connection.execute("select text from pantau_pati.posts").fetchall())
                assert "Pasar Puri" in texts
                assert "Sluke" not in texts
        finally:
            admin.execute(f"drop database {name} with (force)")


def test_a_digest_warns_of_tiktok_permissions_of_its_own_accounts_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANTAU_TIKTOK", "rahasia")
    blocks = {"blora": block("Blora"), "pati": block("Pati")}
    rows: dict[str, list[Row]] = {
        "blora": [("OPD-1", "Dinas Satu", "opd", "", "tiktok", "Wisata_Blora")],
        "pati": [("OPD-1", "Dinas Dua", "opd", "", "tiktok", "wisata_pati")],
    }
    shared = '[collect.tiktok]\nclient_key = "k"\nclient_secret = "env:PANTAU_TIKTOK"\n'
    town = Regencies(tmp_path, blocks, rows, [], shared)
    shelf = Shelf(town.installation.shared.tiktok_tokens_dir)
    for handle in ("wisata_blora", "wisata_pati"):
        token = Token(
            handle=handle, open_id=handle, client_key="k", access_token="a", refresh_token="r", access_until=NIGHT
        )
        shelf.save(msgspec.structs.replace(token, refresh_until=NIGHT + timedelta(days=3)))
    for code, other in (("blora", "pati"), ("pati", "blora")):
        (warning,) = town.site(code, NIGHT).token_warnings(NIGHT)
        assert f"@wisata_{code}" in warning
        assert other not in warning


def test_what_a_month_has_cost_counts_for_all_offices_together(pair: Regencies) -> None:
    for code, usd in (("blora", 1.25), ("pati", 2.5)):
        with pair.store(code) as store:
            store.runs.begin("trial", "d-1", Window(NIGHT, NIGHT), NIGHT, NIGHT)
            store.costs.save("d-1", [Cost(platform="x", usd=usd)])
    with pair.store("blora") as store:
        assert pace_of_run(pair.site("blora", NIGHT), store).month_usd == {"x": 3.75}


def test_costs_are_shared_out_and_the_shares_add_up() -> None:
    whole = Cost(platform="x", source="x-search", requests=10, posts_billed=101, users_billed=1, usd=0.515)
    shares = divided(whole, {0: 1, 1: 1, 2: 5})
    assert [share.requests for share in shares.values()] == [2, 1, 7]
    assert sum(share.posts_billed for share in shares.values()) == 101
    assert sum(share.users_billed for share in shares.values()) == 1
    assert round(sum(share.usd for share in shares.values()), 6) == 0.515
    assert msgspec.structs.replace(shares[2], requests=10, posts_billed=101, users_billed=1, usd=0.515) == whole
