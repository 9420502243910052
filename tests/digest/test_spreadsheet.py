import io
import re
import shutil
import subprocess
import time
import zipfile
from datetime import datetime
from pathlib import Path

import msgspec
import openpyxl
import pytest

from pantau.core.settings import DigestSettings
from pantau.digest.build import build
from pantau.digest.render import Renderer
from pantau.digest.spreadsheet import workbook
from pantau.digest.tables import Tables
from tests.digest import hostile, sample
from tests.digest.large import night as large
from tests.digest.libreoffice import MISSING, printed_pages

RICH = build(sample.rich())


def rows_of(digest) -> Tables:
    assert digest.tables is not None
    return digest.tables


def book_of(digest) -> bytes:
    return workbook(digest, rows_of(digest))


BOOK = book_of(RICH)


def opened(data: bytes = BOOK) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def column(sheet, title: str) -> list[object]:
    titles = [cell.value for cell in sheet[1]]
    at = titles.index(title)
    return [row[at].value for row in sheet.iter_rows(min_row=2)]


def insides(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def test_the_workbook_holds_four_sheets_with_filters_and_a_heading_that_stays():
    book = opened()
    assert book.sheetnames == ["Temuan", "Akun", "Unggahan", "Keterangan"]
    for name in book.sheetnames[:3]:
        sheet = book[name]
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.orientation == "landscape"
        assert int(sheet.page_setup.paperSize) == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToHeight == 0  # as many pages as it takes, one page wide


def test_f4_paper_is_a_setting():
    assert int(opened(workbook(RICH, rows_of(RICH), "F4"))["Akun"].page_setup.paperSize) == 14


def test_findings_that_the_mail_has_no_room_for_stand_in_the_workbook():
    data = large(40, 300)
    digest = build(data)
    assert Renderer().render(digest, DigestSettings()).hidden_findings > 200
    codes = column(opened(book_of(digest))["Temuan"], "Kode")
    assert {finding.key for finding in data.findings} <= set(codes)


def test_every_registered_account_and_every_unit_without_one_has_a_row_with_its_state():
    sheet = opened()["Akun"]
    states = column(sheet, "Keadaan")
    assert len(states) == RICH.counts.accounts + RICH.counts.unregistered
    assert states.count("tidak aktif") == RICH.counts.quiet
    assert states.count("tidak dapat diperiksa") == RICH.counts.unread
    assert states.count("unit tanpa akun") == RICH.counts.unregistered


def test_an_unread_account_has_a_blind_window_and_no_count_of_silent_days():
    sheet = opened()["Akun"]
    rows = zip(
        column(sheet, "Keadaan"), column(sheet, "Hari diam"), column(sheet, "Tidak diketahui sejak"), strict=True
    )
    unread = [(days, since) for state, days, since in rows if state == "tidak dapat diperiksa"]
    assert unread
    assert all(days is None for days, _ in unread)
    assert any(isinstance(since, datetime) for _, since in unread)


def test_an_account_that_is_blind_tonight_is_not_called_silent_in_the_workbook_either():
    findings, accounts = rows_of(RICH).findings, rows_of(RICH).accounts
    unread = {(row.unit, row.account) for row in accounts if row.state == "tidak dapat diperiksa"}
    silent = {(row.unit, row.account.split(" (")[0]) for row in findings if row.tonight and row.family == "Tidak aktif"}
    assert silent
    assert not silent & unread


def test_dates_are_dates_and_numbers_are_numbers_in_the_offices_time():
    sheet = opened()["Unggahan"]
    times = column(sheet, "Waktu unggah")
    assert times == sorted(times, reverse=True)
    assert datetime(2026, 11, 24, 10, 30) in times  # 03.30 UTC
    days = [value for value in column(opened()["Akun"], "Hari diam") if value is not None]
    assert days
    assert all(isinstance(value, int) for value in days)
    assert all(isinstance(value, datetime) for value in column(opened()["Temuan"], "Pertama tampil"))


def test_personal_data_is_masked_as_in_the_digest():
    text = insides(BOOK)
    for secret in ("9999010203040005", "0812-3456-7890", "081234567890"):
        assert secret not in text
    assert "situs-judi.example" not in text


def test_nothing_from_outside_becomes_a_formula_a_command_or_a_foreign_link():
    digest = build(hostile.night())
    data = book_of(digest)
    book = opened(data)
    texts = []
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                if cell.hyperlink is not None:
                    assert cell.hyperlink.target.startswith("https://")
                texts.append(str(cell.value))
    assert any(text.startswith("=cmd|") for text in texts)
    assert not any(bad in text for text in texts for bad in hostile.FORBIDDEN)
    inside = insides(data)
    assert "<f>" not in inside
    assert not re.search(r'Target="(?!https://|worksheets/|theme/|styles|sharedStrings|xl/|docProps/)', inside)


def test_the_same_night_gives_the_same_bytes_at_another_time():
    with zipfile.ZipFile(io.BytesIO(BOOK)) as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 31, 0, 0, 0)}
        assert b"2026-11-24T20:00:00Z" in archive.read("docProps/core.xml")
    time.sleep(1.1)
    assert book_of(build(sample.rich())) == BOOK


def test_the_last_sheet_says_which_run_it_was_and_how_to_read_it():
    sheet = opened()["Keterangan"]
    lines = {row[0].value: row[1].value for row in sheet.iter_rows()}
    assert lines["Nomor ringkasan"] == "n-20261124"
    assert lines["Sidik data"] == "5f3c" * 16
    assert "perlu dicek" in str(lines["Bukan vonis"])


@pytest.mark.parametrize("night", [sample.calm, sample.blind])
def test_a_night_without_findings_gives_a_workbook_all_the_same(night):
    assert opened(book_of(build(night())))["Akun"].max_row == 4


def test_five_thousand_posts_are_written_in_seconds():
    rows = rows_of(RICH)
    many = msgspec.structs.replace(rows, posts=tuple(rows.posts[n % len(rows.posts)] for n in range(5000)))
    begin = time.process_time()
    data = workbook(RICH, many)
    assert time.process_time() - begin < 3
    assert len(data) < 1_000_000


@MISSING
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are not installed")
def test_libreoffice_opens_the_workbook_and_prints_every_sheet(tmp_path: Path):
    assert printed_pages(tmp_path, "a.xlsx", BOOK) >= 4  # how many more depends on the machine's fonts
    command = ["pdftotext", "-layout", str(tmp_path / "a.pdf"), "-"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for sheet in opened().worksheets:
        cells = [str(cell.value) for row in sheet.iter_rows(min_row=2) for cell in row if isinstance(cell.value, str)]
        assert sum(cell in printed for cell in cells) > len(cells) / 4, sheet.title  # long ones are broken into lines
