import email
import email.policy
import sys
from pathlib import Path

import pytest

from pantau.digest import typesetter
from tests.jobs.desk import FIRST_NIGHT, Desk


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path, capfd).set_clock(monkeypatch)
    reader = (
        '[mail]\nfolder = "surel"\nfrom_address = "pantau@kab.example"\n[[mail.reader]]\naddress = "staf@kab.example"'
    )
    desk.tail = reader
    desk.write()
    desk.post("Panen bawang hari ini, 30 kuintal tiap petak di lahan percontohan.")
    return desk


def attached(desk: Desk) -> dict[str, bytes]:
    (mail,) = sorted((desk.folder / "data" / "runs" / desk.run_id(1)).glob("*.eml"))
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    return {str(part.get_filename()): part.get_content() for part in message.iter_attachments()}  # type: ignore[attr-defined]


def shown(desk: Desk, form: str) -> bytes:
    file = desk.folder / f"out.{form}"
    desk.run("digest", "show", desk.run_id(1), "--format", form, "--output", str(file))
    return file.read_bytes()


def test_workbook_and_pdf_are_the_same_in_the_mail_in_the_folder_and_on_demand(desk: Desk):
    text = desk.night(1)
    files = attached(desk)
    folder = desk.folder / "data" / "runs" / desk.run_id(1)
    for form in ("xlsx", "pdf"):
        data = files[f"pantau-{desk.run_id(1)}.{form}"]
        assert data == shown(desk, form) == (folder / f"digest.{form}").read_bytes()
    assert "Lampiran. XLSX memuat semuanya" in text


def test_a_mail_that_would_be_too_heavy_goes_without_pdf_and_says_so(desk: Desk):
    desk.tail = "[digest]\nmail_mb = 0.2\n" + desk.tail
    desk.write()
    desk.post(*(f"Panen bawang petak {n}: " + "hasil dan harga dijelaskan kepada warga. " * 12 for n in range(400)))
    text = desk.night(1)
    assert f"pantau-{desk.run_id(1)}.pdf" not in attached(desk)
    assert "tidak dilampirkan agar surel tidak terlalu berat" in text
    assert shown(desk, "pdf").startswith(b"%PDF")


def test_without_weasyprint_the_night_goes_on_and_the_digest_says_what_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    code = "import os, sys; sys.modules['weasyprint'] = None; from pantau.digest import typesetter;"
    code += "typesetter.serve(sys.stdin.buffer, os.fdopen(1, 'wb'))"
    monkeypatch.setattr(typesetter, "COMMAND", (sys.executable, "-c", code))
    typesetter.TYPESETTER.close()
    text = desk.night(1)
    assert list(attached(desk)) == [f"pantau-{desk.run_id(1)}.xlsx"]
    assert "apt-get install libpango-1.0-0" in text


def test_a_memo_about_a_finding_and_none_about_a_decided_or_unknown_one(desk: Desk):
    desk.night(1)
    (key,) = desk.keys("panen-disebut")
    file = desk.folder / "nota" / "memo.docx"
    desk.run("memo", key, "--output", str(file))
    assert file.read_bytes().startswith(b"PK")
    assert "tidak ada temuan dengan kode itu" in desk.run("memo", "ZZZZ", "--output", str(file), code=2)
    desk.run("review", "dismiss", key, "--reason", "panen raya")
    assert f"pantau review undo {key}" in desk.run("memo", key, "--output", str(file), code=2)


def test_thanks_need_a_known_unit_and_a_span_of_days(desk: Desk):
    desk.night(1)
    days = (
        "--from",
        f"{FIRST_NIGHT:%Y-%m}-01",
        "--to",
        f"{FIRST_NIGHT:%Y-%m}-30",
        "--output",
        str(desk.folder / "t.docx"),
    )
    assert "Mungkin maksudnya OPD-0" in desk.run("memo", "--thanks", "Dinas 00", *days, code=2)
    assert "perlu --from dan --to" in desk.run("memo", "--thanks", "OPD-00", *days[4:], code=2)
    assert "tidak ada unggahan yang bermanfaat" in desk.run("memo", "--thanks", "OPD-05", *days, code=2)
