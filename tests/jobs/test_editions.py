"""Who gets which edition of a night, over real mail."""

import io
import json
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import openpyxl
import pytest

from pantau.digest.editions import POSTS_SHOWN
from tests.jobs.office import COLUMNS, NIGHT, Office, open_office, x_accounts
from tests.servers.x_feed import FakeXAccount, FakeXPost

HEADS = ("kepala1@kantor.example", "kepala2@kantor.example")
BUPATI = "bupati@kantor.example"
READERS = f"""
[digest]
heads = "{{heads}}"
[[mail.reader]]
address = "{BUPATI}"
edition = "regent"
[[mail.reader]]
address = "bagian@kantor.example"
editions = ["staff", "unit"]
unit = "OPD-01"
"""


def with_heads(office: Office, heads: str) -> None:
    """The first units of the register get a head each."""
    office.settings_tail = READERS.format(heads=heads)
    office.write()
    path = office.folder / "accounts.csv"
    rows = path.read_text("utf-8").splitlines()
    column = COLUMNS.index("head_email")
    for n, address in enumerate(HEADS, 1):
        cells = rows[n].split(",")
        cells[column] = address
        rows[n] = ",".join(cells)
    path.write_text("\n".join(rows) + "\n", "utf-8")


@pytest.fixture
def office(tmp_path: Path):
    with open_office(tmp_path, apart=False) as opened:
        yield opened


def body(wire: bytes) -> str:
    message = message_from_bytes(wire, policy=default)
    part = message.get_body(("plain",))
    return str(part.get_content()) if part else ""


def test_each_reader_gets_its_edition_with_the_staff_digests_numbers(office: Office) -> None:
    with_heads(office, "nightly")
    ended = office.night()
    assert ended.returncode in (0, 1), ended.stderr
    assert len(office.smtp.mails(BUPATI)) == 1
    assert len(office.smtp.mails("bagian@kantor.example")) == 2
    assert [len(office.smtp.mails(address)) for address in HEADS] == [1, 1]
    assert office.copies() == [1, 1, 1]
    shown = office.run("digest", "show", "--format", "json")
    counts = json.loads(shown.stdout)["counts"]
    regent = body(office.smtp.mails(BUPATI)[0])
    assert f"Perlu ditindak: {counts['flags']} " in regent
    assert (
        f"Tidak aktif: {counts['inactive'] if 'inactive' in counts else counts['quiet'] + counts['never_posted']} "
        in regent
    )
    run_id = json.loads(shown.stdout)["run_id"]
    for address in (BUPATI, *HEADS):
        assert run_id in body(office.smtp.mails(address)[0])
    head = body(office.smtp.mails(HEADS[0])[0])
    assert "goblok" in head
    assert "contoh_kec" not in head
    frozen = office.run("digest", "show", run_id, "--edition", "unit:OPD-01", "--format", "text")
    again = office.run("digest", "show", run_id, "--edition", "unit:OPD-01", "--format", "text")
    assert frozen.stdout == again.stdout
    unlinked = "".join(line for line in head.splitlines(keepends=True) if "mailto:" not in line)
    assert frozen.stdout.split() == unlinked.split()
    office.night()
    assert [len(office.smtp.mails(address)) for address in HEADS] == [1, 1]


def test_a_head_whose_mail_is_cut_gets_the_rest_as_a_workbook_of_that_unit_alone(tmp_path: Path) -> None:
    first, *others = x_accounts()
    at = NIGHT - timedelta(hours=5)
    many = [
        FakeXPost(f"Jalan ruas {n} selesai diperbaiki.", at - timedelta(minutes=n), sequence=10 + n)
        for n in range(POSTS_SHOWN)
    ]
    with open_office(
        tmp_path, x=[FakeXAccount(first.handle, 101, [*first.posts, *many]), *others], apart=False
    ) as office:
        with_heads(office, "nightly")
        assert office.night().returncode in (0, 1)
        flooded, plain = (message_from_bytes(office.smtp.mails(head)[0], policy=default) for head in HEADS)
        assert list(plain.iter_attachments()) == []
        (attached,) = flooded.iter_attachments()
        book = openpyxl.load_workbook(io.BytesIO(attached.get_content()))
        accounts = [row[4] for row in book["Akun"].iter_rows(min_row=2, values_only=True)]
        assert accounts == ["@contoh_dpu"]
        assert book["Unggahan"].max_row == 1 + len(many) + 1
        assert attached.get_filename().endswith("-OPD-01.xlsx")
        run_id = attached.get_filename().removeprefix("pantau-").removesuffix("-OPD-01.xlsx")
        kept = office.folder / "lagi.xlsx"
        again = office.run(
            "digest", "show", run_id, "--edition", "unit:OPD-01", "--format", "xlsx", "--output", str(kept)
        )
        assert again.returncode == 0, again.stderr
        assert kept.read_bytes() == attached.get_content()


def test_heads_are_written_to_only_when_something_happened(office: Office) -> None:
    with_heads(office, "when_needed")
    assert office.night().returncode in (0, 1)
    assert [len(office.smtp.mails(address)) for address in HEADS] == [1, 1]
    office.x.now = lambda: NIGHT + timedelta(days=1, hours=1)
    assert office.night(NIGHT + timedelta(days=1)).returncode in (0, 1)
    assert [len(office.smtp.mails(address)) for address in HEADS] == [1, 1]
    assert len(office.smtp.mails(BUPATI)) == 2


def test_a_unit_that_is_not_registered_is_refused_by_name(office: Office) -> None:
    office.settings_tail = '[[mail.reader]]\naddress = "a@b.example"\nedition = "unit"\nunit = "OPD-99"\n'
    office.write()
    ended = office.night()
    assert ended.returncode == 2
    assert "OPD-99" in ended.stderr


def test_an_edition_that_nobody_got_is_named_with_those_that_are_there(office: Office) -> None:
    assert office.night().returncode in (0, 1)
    shown = office.run("digest", "show", "--edition", "unit:OPD-77")
    assert shown.returncode == 2
    assert "staff (text)" in shown.stderr
