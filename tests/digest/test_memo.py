import io
import zipfile
from datetime import date
from pathlib import Path

import msgspec
import pytest
from docx import Document

from pantau.core.model import Unit
from pantau.core.resources import data_dir
from pantau.digest import memo_forms
from pantau.digest.memo import MemoError, MemoInput, ThanksInput, addressee, memo, thanks
from pantau.digest.printable import letterhead
from tests.digest import hostile, sample
from tests.digest.libreoffice import MISSING, printed_pages

FORM, THANKS = (data_dir("templates") / name for name in ("memo.docx", "thanks.docx"))
PICTURE = (sample.FIXTURES / "lebar.jpg").read_bytes()


def letter(finding, office=sample.OFFICE, *, data=None, form=FORM, answer="", emblem=b"") -> bytes:
    data = data or sample.rich()
    given = MemoInput(
        finding=finding,
        run=data.run,
        office=office,
        units=data.units,
        accounts=data.accounts,
        post=data.posts.get(finding.post),
        answer=answer,
    )
    return memo(given, letterhead(office, emblem), form)


def of_family(family: str):
    return next(finding for finding in sample.rich().findings if finding.family == family)


def words(data: bytes) -> str:
    paper = Document(io.BytesIO(data))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*cells, *(paragraph.text for paragraph in paper.paragraphs)])


def thanked(posts=(sample.GOOD_CLINIC,), flagged=frozenset()) -> bytes:
    data = sample.rich()
    unit = next(unit for unit in data.units if unit.code == "RSU-01")
    given = ThanksInput(
        unit=unit,
        run=data.run,
        office=data.office,
        units=data.units,
        accounts=data.accounts,
        first=date(2026, 11, 1),
        last=date(2026, 11, 30),
        posts=posts,
        categories=data.categories,
        flagged=flagged,
    )
    return thanks(given, letterhead(data.office), THANKS)


@pytest.mark.parametrize("name", ["memo.docx", "thanks.docx"])
def test_the_committed_templates_are_those_that_the_reviewed_text_gives(name: str):
    assert (data_dir("templates") / name).read_bytes() == memo_forms.FORMS[name]()


def test_the_letter_names_head_account_words_rule_and_basis_and_judges_nothing():
    finding = of_family("BHS")
    text = words(letter(finding))
    for said in (
        finding.message,
        finding.basis,
        finding.key,
        finding.url,
        "Wong cilik ora usah kakehan omong",
        "@pupr_arunika (X)",
    ):
        assert said in text
    assert "Yth. Kepala Dinas Pekerjaan Umum dan Penataan Ruang" in text
    assert "belum merupakan penilaian" in text
    assert "berhak menjawab" in text
    assert "pelanggaran" not in text.lower()
    assert "{{" not in text
    assert "{%" not in text


def test_number_date_and_deadline_are_left_to_the_office():
    text = words(letter(of_family("BHS")))
    assert "paling lambat tanggal ......" in text
    rows = [line for line in text.splitlines() if line.startswith(": ...")]
    assert len(rows) == 3


def test_the_units_answer_is_quoted_when_there_is_one():
    assert "“Sudah kami hapus.”" in words(letter(of_family("BHS"), answer="Sudah kami hapus."))
    assert "Jawaban yang sudah kami terima" not in words(letter(of_family("BHS")))


def test_personal_data_stays_masked_in_the_letter():
    text = words(letter(of_family("DPR")))
    assert "Puskesmas Lorembulan" in text
    for secret in ("9999010203040005", "0812-3456-7890", "25-11-2026"):
        assert secret not in text


def test_silence_of_an_account_can_be_asked_about_too():
    finding = next(f for f in sample.rich().findings if f.family == "AKT" and f.account)
    assert finding.message in words(letter(finding))


def test_hostile_words_stay_words_and_the_file_stays_a_document(tmp_path: Path):
    data = hostile.night()
    for finding in [f for f in data.findings if f.message in hostile.TEXTS]:
        made = letter(finding, data.office, data=data, answer=finding.message)
        text = words(made)
        assert not any(bad in text for bad in hostile.FORBIDDEN)
        if "7 * 7" in finding.message:
            assert "{{ 7 * 7 }}" in text
            assert "49" not in text
        with zipfile.ZipFile(io.BytesIO(made)) as archive:
            body = archive.read("word/document.xml")
            assert b"<w:instrText" not in body
            assert b"<w:fldSimple" not in body
            relations = archive.read("word/_rels/document.xml.rels")
            assert b'TargetMode="External"' not in relations


def test_the_same_finding_gives_the_same_bytes():
    assert letter(of_family("BHS"), emblem=PICTURE) == letter(of_family("BHS"), emblem=PICTURE)


def test_the_emblem_stands_in_the_letterhead():
    with zipfile.ZipFile(io.BytesIO(letter(of_family("BHS"), emblem=PICTURE))) as archive:
        assert any(archive.read(name) == PICTURE for name in archive.namelist() if name.startswith("word/media/"))


def test_the_offices_own_template_is_filled_in(tmp_path: Path):
    own = Document()
    own.add_paragraph("Salam dari {{ pengirim }} tentang {{ kode }}")
    own.save(str(tmp_path / "memo.docx"))
    finding = of_family("BHS")
    department = "Sekretariat Daerah, Bagian Protokol dan Komunikasi Pimpinan"
    assert words(letter(finding, form=tmp_path / "memo.docx")) == f"Salam dari {department} tentang {finding.key}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ tidak_ada }}",
        "{{ kode",
        "{{ kop.__class__.__mro__ }}",
        "{% include '/etc/passwd' %}",
        "{{ kode + 1 }}",
        "{{ 1 / 0 }}",
    ],
    ids=range(6),
)
def test_a_template_that_cannot_work_is_named_with_what_to_do(tmp_path: Path, text: str):
    own = Document()
    own.add_paragraph(text)
    own.save(str(tmp_path / "memo.docx"))
    with pytest.raises(MemoError, match=r"memo\.docx: templat nota dinas tidak dapat dipakai"):
        letter(of_family("BHS"), form=tmp_path / "memo.docx")


def test_a_file_that_is_no_document_is_named_too(tmp_path: Path):
    (tmp_path / "memo.docx").write_text("bukan dokumen")
    with pytest.raises(MemoError, match="Perbaiki"):
        letter(of_family("BHS"), form=tmp_path / "memo.docx")


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("opd", "Dinas Kesehatan", "Kepala Dinas Kesehatan"),
        ("kecamatan", "Kecamatan Watusinar", "Camat Watusinar"),
        ("desa", "Desa Kalisaga", "Kepala Desa Kalisaga"),
        ("kelurahan", "Kelurahan Pringgading", "Lurah Pringgading"),
        ("rsud", "RSUD Arunika Husada", "Direktur RSUD Arunika Husada"),
        ("sekolah", "SMPN 19 Arunika", "Kepala SMPN 19 Arunika"),
        ("pejabat", "Camat Watusinar (akun jabatan)", "Camat Watusinar (akun jabatan)"),
    ],
)
def test_each_kind_of_unit_is_addressed_by_the_title_of_its_head(kind, name, said):
    assert addressee(Unit(code="U", name=name, kind=kind)) == said
    assert addressee(Unit(code="U", name=name, kind=kind, head_name="Sekar")) == f"{said} (Sekar)"


def test_thanks_count_the_useful_posts_and_quote_examples():
    chat = msgspec.structs.replace(sample.LUXURY, post_id="77")
    text = words(thanked((sample.GOOD_CLINIC, chat)))
    assert "Yth. Direktur RSUD Arunika Husada" in text
    assert "1 unggahan yang bermanfaat" in text
    assert "(1 layanan)" in text
    assert "dari 2 unggahan" in text
    assert "1. “Mulai Desember, pendaftaran rawat jalan" in text
    assert "jam tangan" not in text.lower()


def test_a_post_with_a_finding_is_no_example_of_good_work():
    with pytest.raises(MemoError, match="tidak ada unggahan yang bermanfaat"):
        thanked(flagged=frozenset({sample.GOOD_CLINIC.key}))


@MISSING
def test_libreoffice_prints_the_letter_on_one_page(tmp_path: Path):
    assert printed_pages(tmp_path, "a.docx", letter(of_family("BHS"), emblem=PICTURE)) == 1
