"""Weekly and monthly editions through whole nights: each comes once, on its day or as soon after as there is a night."""

import json
import signal
import subprocess
import sys
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from jobs.__main__ import run
from jobs.archiving import build_archive
from jobs.delivering import deliver_mails
from jobs.editions import run_folder
from jobs.periods import Period, month_of, period_input, ready, span_of, week_of
from jobs.progress import Silent
from jobs.rerun import rerun
from pantau.core.errors import SettingsError
from pantau.core.model import Cost
from pantau.core.settings import DigestSettings
from pantau.core.settings_file import load_settings
from pantau.digest import period as period_module
from tests.jobs.office import ROOT, said
from tests.jobs.periods_office import READER, RecordedOffice, wib

USEFUL = "Jadwal posyandu balita Selasa pukul 08.00 di balai desa, bawa buku KIA dan kartu imunisasi."
WEEK, NEXT_WEEK = "week:2026-W46", "week:2026-W47"
POSTS = [
    ("x:@satu", wib("2026-11-14 10:00"), USEFUL),
    ("x:@satu", wib("2026-11-15 23:30"), f"{USEFUL} Terima kasih."),
    ("x:@satu", wib("2026-11-16 00:10"), f"{USEFUL} Sampai jumpa."),
    ("instagram:@dua", wib("2026-11-15 09:00"), "SLOT GACOR maxwin pasti WD, daftar di tautan bio"),
]


@pytest.fixture
def office(tmp_path: Path) -> RecordedOffice:
    return RecordedOffice(tmp_path / "kantor", POSTS)


def counts(office: RecordedOffice, code: str) -> dict[str, int]:
    found: dict[str, int] = json.loads(office.document(code, "json"))["counts"]
    return found


def test_mondays_night_brings_the_week_once_and_says_which_nights_it_rests_on(office: RecordedOffice) -> None:
    office.nights("2026-11-14", "2026-11-17")
    assert office.brought() == {WEEK: ["n-20261116"]}
    (mail,) = office.mails()
    assert (mail.edition, mail.recipient, mail.state, mail.run_id) == (WEEK, READER, "sent", "n-20261116")
    text = " ".join(office.document(WEEK, "text").decode().split())
    assert "9–15 November 2026" in text
    assert "2 dari 7 malam" in text
    assert (counts(office, WEEK)["days"], counts(office, WEEK)["nights"]) == (7, 2)


def test_a_post_of_half_past_eleven_on_sunday_night_is_that_weeks_though_only_monday_reads_it(
    office: RecordedOffice,
) -> None:
    office.nights("2026-11-14", "2026-11-16")
    assert (counts(office, WEEK)["posts"], counts(office, WEEK)["useful"]) == (3, 2)
    assert counts(office, WEEK)["flags"] == 1
    office.night(wib("2026-11-23"))
    assert counts(office, NEXT_WEEK)["posts"] == 1


def test_the_office_s_own_time_zone_decides_where_a_week_ends(tmp_path: Path) -> None:
    office = RecordedOffice(tmp_path / "kantor", POSTS, zone="Asia/Jayapura")  # 23:30 WIB is Monday there
    office.nights("2026-11-14", "2026-11-16")
    assert counts(office, WEEK)["posts"] == 2


def test_a_missed_monday_is_made_up_for_by_the_next_night(office: RecordedOffice) -> None:
    office.night(wib("2026-11-15"))
    office.nights("2026-11-17", "2026-11-18")
    assert office.brought() == {WEEK: ["n-20261117"]}
    assert [mail.run_id for mail in office.mails()] == ["n-20261117"]


def test_a_week_without_a_night_has_no_edition_and_none_is_compared_with(office: RecordedOffice) -> None:
    office.nights("2026-11-16", "2026-11-17")
    assert office.brought() == {}
    office.night(wib("2026-11-23"))
    assert list(office.brought()) == [NEXT_WEEK]
    with office.store() as store:
        job = office.site(wib("2026-11-23")).job
        accounts = store.accounts.known(job.register.accounts)
        asked = period_input(job, store, week_of(date(2026, 11, 16)), accounts, wib("2026-11-23"))
    assert asked.before is None
    assert asked.unwatched == ("facebook",)
    assert asked.readers == (READER,)
    assert asked.costs == tuple(Cost(platform=name, source="rekaman", requests=2 * 1) for name in ("instagram", "x"))


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from pantau.store.store import Store
from tests.jobs.periods_office import RecordedOffice

def dying(function, where):
    def run(*arguments, **named):
        if where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        function(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    return run

where = sys.argv[2]
Store.freeze = dying(Store.freeze, where)
office = object.__new__(RecordedOffice)
office.home, office.config = Path(sys.argv[1]), Path(sys.argv[1]) / "pantau.toml"
office.night(datetime.fromisoformat(sys.argv[3]))
"""


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_monday_killed_around_the_moment_of_freezing_and_started_again_brings_the_week_once(
    office: RecordedOffice, where: str
) -> None:
    office.night(wib("2026-11-15"))
    at = wib("2026-11-16")
    command = [sys.executable, "-c", KILLED, str(office.home), where, at.isoformat()]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert office.brought() == ({} if where == "before" else {WEEK: ["n-20261116"]})
    office.night(at + timedelta(hours=1))
    office.night(at + timedelta(days=1))
    assert office.brought() == {WEEK: ["n-20261116"]}
    assert [(mail.run_id, mail.state) for mail in office.mails()] == [("n-20261116", "sent")]
    assert len(list((office.home / "surel").glob("n-20261116-week*.eml"))) == 1


def test_the_turn_of_the_year_closes_december_and_week_53(tmp_path: Path) -> None:
    office = RecordedOffice(tmp_path / "kantor", [("x:@satu", wib("2026-12-31 23:59"), USEFUL)])
    office.nights("2026-12-30", "2027-01-01")
    assert office.brought() == {"month:2026-12": ["n-20270101"]}
    assert counts(office, "month:2026-12")["posts"] == 1
    assert json.loads(office.document("month:2026-12", "json"))["title"] == "Ringkasan bulan Desember 2026"
    office.night(wib("2027-01-04"))
    assert office.brought() == {"month:2026-12": ["n-20270101"], "week:2026-W53": ["n-20270104"]}
    assert counts(office, "week:2026-W53")["nights"] == 3
    assert [mail.edition for mail in office.mails()] == ["month:2026-12", "week:2026-W53"]


@pytest.mark.parametrize(
    ("today", "weekly_on", "monthly_on", "codes"),
    [
        (date(2026, 11, 23), "senin", 1, ["week:2026-W47", "month:2026-10"]),  # a Monday
        (date(2026, 11, 24), "rabu", 0, ["week:2026-W46"]),  # a Tuesday: Wednesday of last week was the last one
        (date(2026, 11, 25), "rabu", 0, ["week:2026-W47"]),
        (date(2026, 11, 29), "minggu", 0, ["week:2026-W47"]),  # a Sunday: its own week is not over
        (date(2026, 11, 4), "", 5, ["month:2026-09"]),
        (date(2026, 11, 5), "", 5, ["month:2026-10"]),
        (date(2027, 1, 1), "senin", 1, ["week:2026-W52", "month:2026-12"]),
        (date(2027, 1, 4), "senin", 28, ["week:2026-W53", "month:2026-11"]),
        (date(2026, 11, 23), "", 0, []),
    ],
)
def test_which_week_and_month_are_ready_on_a_day(
    today: date, weekly_on: str, monthly_on: int, codes: list[str]
) -> None:
    settings = DigestSettings(weekly_on=weekly_on, monthly_on=monthly_on)  # type: ignore[arg-type]
    assert [period.code for period in ready(settings, today)] == codes


def test_a_month_is_compared_with_the_month_before_and_other_days_with_as_many() -> None:
    assert month_of(date(2027, 1, 15)).before() == Period(
        kind="month", first=date(2026, 12, 1), last=date(2026, 12, 31)
    )
    assert month_of(date(2028, 2, 15)).last == date(2028, 2, 29)
    assert span_of(date(2026, 11, 3), date(2026, 11, 5)).before() == Period(
        kind="span", first=date(2026, 10, 31), last=date(2026, 11, 2)
    )
    assert span_of(date(2026, 11, 9), date(2026, 11, 15)).kind == "week"
    assert span_of(date(2026, 2, 1), date(2026, 2, 28)).kind == "month"
    assert span_of(date(2026, 11, 10), date(2026, 11, 16)).kind == "span"


def test_trials_and_second_starts_bring_no_edition(office: RecordedOffice) -> None:
    office.night(wib("2026-11-15"))
    monday = wib("2026-11-16")
    office.night(monday - timedelta(hours=3), dry_run=True)
    with office.store() as store:
        from jobs.nightly import run_night

        run_night(office.site(monday), store, monday, Silent(), only=("x",))
    assert office.brought() == {}
    office.night(monday)
    office.night(monday + timedelta(hours=1))
    assert office.brought() == {WEEK: ["n-20261116"]}
    assert len(office.mails()) == 1


def test_a_rerun_after_the_week_changes_nothing_of_what_was_sent(office: RecordedOffice) -> None:
    office.nights("2026-11-15", "2026-11-16")
    frozen = {form: office.document(WEEK, form) for form in ("html", "text", "json")}
    monday = wib("2026-11-16") + timedelta(hours=2)
    with office.store() as store:
        rerun(office.site(monday), store, date(2026, 11, 9), date(2026, 11, 15), Silent(), refetch=True)
    office.night(wib("2026-11-17"))
    assert {form: office.document(WEEK, form) for form in frozen} == frozen
    assert len(office.mails()) == 1


def test_the_edition_is_kept_also_when_nobody_reads_it(office: RecordedOffice) -> None:
    text = office.config.read_text("utf-8")
    office.config.write_text(text.replace('["weekly", "monthly"]', '["staff"]'), "utf-8")
    office.nights("2026-11-15", "2026-11-16")
    assert office.brought() == {WEEK: ["n-20261116"]}
    assert office.mails() == []
    with office.store() as store:
        run = store.runs.get("n-20261116")
        assert run is not None
        lying = run_folder(office.site(wib("2026-11-16")), run)
        assert (lying / "mingguan-2026-W46.txt").read_bytes() == office.document(WEEK, "text")
        build_archive(office.site(wib("2026-11-16")).job, store, office.home / "arsip", Silent())
    nights = office.home / "arsip" / "malam"
    assert "Edisi mingguan 2026-W46" in (nights / "n-20261116.html").read_text("utf-8")
    assert "9–15 November 2026" in (nights / "n-20261116-week-2026-W46.html").read_text("utf-8")


def test_a_reader_of_both_gets_two_mails_and_the_weekly_one_carries_its_own_papers(office: RecordedOffice) -> None:
    text = office.config.read_text("utf-8").replace("attach = []", 'attach = ["xlsx", "pdf"]')
    office.config.write_text(text.replace('["weekly", "monthly"]', '["staff", "weekly"]'), "utf-8")
    office.nights("2026-11-15", "2026-11-16")
    with office.store() as store:
        mails = [one for one in store.outbox.of_run("n-20261116") if one.recipient == READER]
    assert {one.edition for one in mails} == {"staff", WEEK}
    assert len({one.message_id for one in mails}) == 2
    (weekly,) = [message_from_bytes(one.wire, policy=default) for one in mails if one.edition == WEEK]
    files = {part.get_filename(): part.get_payload(decode=True) for part in weekly.iter_attachments()}
    papers = {name: data for name, data in files.items() if name and name.endswith((".xlsx", ".pdf"))}
    assert list(papers) == ["pantau-2026-W46.xlsx", "pantau-2026-W46.pdf"]
    assert papers["pantau-2026-W46.pdf"] == office.document(WEEK, "pdf")
    body = weekly.get_body(("plain",))
    assert body is not None
    assert "XLSX memuat semuanya" in " ".join(body.get_content().split())


def test_an_edition_whose_numbers_contradict_each_other_holds_nothing_back_and_is_tried_again(
    office: RecordedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.night(wib("2026-11-15"))
    with monkeypatch.context() as patch:
        patch.setattr(period_module, "examples", lambda _ctx: (_ for _ in ()).throw(ValueError("jumlah tidak cocok")))
        result = office.night(wib("2026-11-16"))
    assert result.exit_code == 1
    assert f"edisi {WEEK} tidak dapat dibuat" in result.summary
    with office.store() as store:
        assert store.documents.get("n-20261116", "staff", "html")
    office.night(wib("2026-11-17"))
    assert office.brought() == {WEEK: ["n-20261117"]}


def test_mails_left_behind_go_out_with_the_next_night_and_only_once(office: RecordedOffice) -> None:
    office.night(wib("2026-11-15"))
    office.night(wib("2026-11-16"), send=False)
    assert [mail.state for mail in office.mails()] == ["ready"]
    with office.store() as store:
        deliver_mails(office.site(wib("2026-11-16") + timedelta(hours=1)), store)
    office.night(wib("2026-11-17"))
    assert [mail.state for mail in office.mails()] == ["sent"]


def pantau(office: RecordedOffice, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    line = ["-c", str(office.config), "digest", *arguments]
    with said() as (out, err):
        code = run(line)
    return subprocess.CompletedProcess(line, code, *(stream.buffer.getvalue() for stream in (out, err)))  # type: ignore[attr-defined]


def test_any_days_can_be_shown_at_the_terminal_and_nothing_is_sent_or_kept(office: RecordedOffice) -> None:
    office.nights("2026-11-14", "2026-11-16")
    before = office.brought()
    shown = {
        form: pantau(office, "period", "--from", "2026-11-14", "--to", "2026-11-16", "--format", form)
        for form in ("text", "html", "json", "pdf", "xlsx")
    }
    assert {form: one.returncode for form, one in shown.items()} == dict.fromkeys(shown, 0)
    assert "14–16 November 2026" in shown["text"].stdout.decode()
    assert json.loads(shown["json"].stdout)["counts"]["posts"] == 4
    assert shown["pdf"].stdout.startswith(b"%PDF")
    assert shown["xlsx"].stdout.startswith(b"PK")
    assert b"<html" in shown["html"].stdout
    assert b"cid:" not in shown["html"].stdout
    assert (office.brought(), len(office.mails())) == (before, 1)
    empty = pantau(office, "period", "--from", "2026-10-01", "--to", "2026-10-31")
    assert empty.returncode == 2
    assert "Tidak ada malam Pantau dari 2026-10-01 sampai 2026-10-31" in empty.stderr.decode()


def test_a_stored_edition_is_shown_again_without_naming_its_night(office: RecordedOffice) -> None:
    office.nights("2026-11-15", "2026-11-17")
    assert pantau(office, "show", "--edition", WEEK, "--format", "html").stdout == office.document(WEEK, "html")
    missing = pantau(office, "show", "--edition", NEXT_WEEK)
    assert missing.returncode == 2
    assert "staff (text)" in missing.stderr.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("attach = []", 'weekly_on = "monday"'), "digest.weekly_on"),
        (("attach = []", "monthly_on = 31"), "digest.monthly_on"),
        (("attach = []", "monthly_on = 0"), "edisi monthly tidak pernah dibuat menurut digest.monthly_on"),
        (("attach = []", 'weekly_on = ""'), "edisi weekly tidak pernah dibuat menurut digest.weekly_on"),
    ],
)
def test_settings_that_cannot_work_are_refused(office: RecordedOffice, change: tuple[str, str], says: str) -> None:
    office.config.write_text(office.config.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(office.config)
    assert says in str(caught.value)
