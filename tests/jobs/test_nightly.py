"""A night through the real command line, real tweepy, instaloader and yagmail, against local services."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.office import NIGHT, READERS, Office, open_office
from tests.servers.x_feed import FakeXPost


@pytest.fixture
def office(tmp_path: Path):
    with open_office(tmp_path, apart=False) as opened:
        yield opened


def digest(office: Office, form: str = "text") -> str:
    shown = office.run("digest", "show", "--format", form)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def test_a_night_collects_flags_and_mails_every_reader_once(office: Office) -> None:
    office.apart = True
    result = office.night()
    assert result.returncode == 0, result.stdout + result.stderr
    office.apart = False
    assert office.copies() == [1, 1, 1]
    text = digest(office)
    assert "matamu picek" in text
    assert "Rolex" in text
    assert "SLOT GACOR" in text
    posts = sqlite3.connect(office.folder / "data" / "pantau.db").execute("select count(*) from posts").fetchone()[0]
    expected = sum(len(account.posts) for account in [*office.x.accounts, *office.instagram.accounts])
    assert posts == expected
    recorded = [post for account in office.instagram.accounts for post in account.posts if post.recorded]
    stored = dict(sqlite3.connect(office.folder / "data" / "pantau.db").execute("select key, text from posts"))
    for post in recorded:
        caption = (post.recorded["caption"] or {}).get("text", "")
        assert stored[f"instagram:{post.recorded['code']}"] == caption


def test_the_same_night_again_collects_nothing_new_and_sends_nothing(office: Office) -> None:
    office.night()
    again = office.night()
    assert again.returncode == 0, again.stderr
    assert "0 unggahan baru" in again.stdout
    assert office.copies() == [1, 1, 1]


def test_accounts_that_cannot_be_read_are_listed_each_with_its_reason(office: Office) -> None:
    for account, state in zip(office.x.accounts, ("suspended", "protected", "missing"), strict=False):
        account.state = state
    office.instagram.fail("wait401", account="contoh.rsud")
    result = office.night()
    assert result.returncode == 1, result.stdout + result.stderr
    text = digest(office)
    for handle in ("contoh_dpu", "contoh_kec", "contoh_pdam", "contoh.rsud"):
        assert handle in text
    data = json.loads(digest(office, "json"))
    unread = {key for group in data["unread"]["groups"] for key in group["account_keys"]}
    quiet = {row["account_key"] for row in data["quiet"]["rows"]}
    assert len(unread) >= 3
    assert not unread & quiet
    assert "Panen bawang" not in text or "contoh_tani" in text
    assert office.copies() == [1, 1, 1]


def test_a_dry_run_opens_no_mail_connection_and_the_real_night_still_reports_everything(office: Office) -> None:
    dry = office.night(NIGHT, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert office.smtp.sessions == 0
    assert list((office.folder / "data" / "runs").glob("d-*/digest.html"))
    office.night()
    assert office.copies() == [1, 1, 1]
    assert "matamu picek" in digest(office)


def test_mails_left_by_no_send_go_out_with_the_next_run(office: Office) -> None:
    assert office.night(NIGHT, "--no-send").returncode == 0
    assert office.copies() == [0, 0, 0]
    office.night()
    assert office.copies() == [1, 1, 1]


def test_a_reader_who_is_refused_makes_the_run_say_so(office: Office) -> None:
    office.smtp.fault("rcpt", code=550, text="5.1.1 no such user", about=READERS[1], times=None)
    result = office.night()
    assert result.returncode == 3, result.stderr
    assert office.copies() == [1, 0, 1]


def test_a_second_start_while_one_runs_does_nothing(office: Office) -> None:
    from filelock import FileLock

    (office.folder / "data").mkdir(mode=0o700)
    with FileLock(office.folder / "data" / "pantau.lock"):
        result = office.night()
    assert result.returncode == 4
    assert not office.x.count()
    assert office.copies() == [0, 0, 0]


def test_secrets_never_reach_output_database_or_run_folder(office: Office) -> None:
    office.apart = True  # with all that libraries log
    result = office.run("-v", "nightly", "--as-of", NIGHT.isoformat())
    secrets = (office.x.token, office.smtp.password)
    everything = (result.stdout + result.stderr).encode()
    everything += b"".join(path.read_bytes() for path in (office.folder / "data").rglob("*") if path.is_file())
    assert result.returncode == 0, result.stderr
    assert not [secret for secret in secrets if secret.encode() in everything]


def test_a_register_with_mistakes_starts_nothing_and_loses_nothing(office: Office) -> None:
    office.night()
    before = (office.folder / "data" / "pantau.db").stat().st_size
    requests = office.x.count()
    office.extra_rows = [
        {
            "unit_code": f"BAD-{n}",
            "unit_name": f"Unit {n}",
            "unit_kind": "kementrian",
            "platform": "x",
            "handle": "ada spasi",
        }
        for n in range(5)
    ]
    office.write()
    result = office.night()
    assert result.returncode == 2
    assert result.stderr.count("kementrian") == 5
    assert result.stderr.count("ada spasi") == 5
    assert office.x.count() == requests
    assert (office.folder / "data" / "pantau.db").stat().st_size == before


def test_the_operator_hears_of_a_night_that_did_not_reach_every_reader(office: Office) -> None:
    office.settings_tail = '[operator]\naddress = "operator@kantor.example"'
    office.write()
    office.smtp.fault("rcpt", code=550, text="5.1.1 no such user", about=READERS[1], times=None)
    assert office.night().returncode == 3
    told = office.smtp.mails("operator@kantor.example")
    assert len(told) == 1
    assert b"ringkasan tidak sampai ke semua penerima" in told[0].replace(b"=\r\n", b"")


def test_the_heartbeat_is_called_at_the_start_and_when_all_is_well(office: Office) -> None:
    office.settings_tail = f'[operator]\nheartbeat_url = "{office.x.url}/detak"'
    office.write()
    assert office.night().returncode == 0
    called = [request.path for request in office.x.log if request.path.startswith("/detak")]
    assert called == ["/detak/start", "/detak"]


def test_an_account_that_was_renamed_is_read_by_its_number_and_the_digest_names_the_new_name(office: Office) -> None:
    office.night()
    renamed = next(account for account in office.x.accounts if account.handle == "contoh_tani")
    renamed.handle = "contoh_tani_baru"
    later = NIGHT + timedelta(days=5)
    renamed.posts.append(FakeXPost("Pupuk bersubsidi tersedia di kios.", later - timedelta(hours=4), sequence=9))
    office.x.now = lambda: later + timedelta(hours=1)
    office.night(later)
    text = " ".join(digest(office).split())
    assert "Berganti nama: @contoh_tani (X) kini @contoh_tani_baru" in text
    assert not json.loads(digest(office, "json"))["unread"]["groups"]
