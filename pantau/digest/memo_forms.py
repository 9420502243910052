"""Writes ``templates/memo.docx`` and ``templates/thanks.docx``: their text stands here, where it can be reviewed.

``python -m pantau.digest.memo_forms`` after a change. The office may edit a copy in its own folder (``files.templates_dir``);
``{{ ... }}`` are the places that ``pantau.digest.memo`` fills in.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pantau.core.resources import data_dir

_BLANK = "." * 40
_TERM_MM, _TEXT_MM, _SIDE_MM = 38, 127, 25
_CLOSING = "Atas perhatian dan kerja sama Saudara kami ucapkan terima kasih."
_WRITTEN = datetime(2026, 1, 1)


def memo() -> bytes:
    """The draft to the head of a unit about one finding."""
    paper = _paper("NOTA DINAS")
    _addresses(paper, "Permohonan klarifikasi atas unggahan akun resmi")
    _say(paper, "Dengan hormat,")
    _say(
        paper,
        "Pantauan media sosial resmi {{ daerah }} mencatat hal berikut yang perlu dicek. Catatan ini belum merupakan "
        "penilaian; kami memerlukan penjelasan Saudara sebelum mengambil kesimpulan apa pun.",
    )
    facts = (
        ("Akun", "{{ akun }}"),
        ("Waktu unggah", "{{ waktu }}"),
        ("Alamat", "{{ alamat_unggahan }}"),
        ("Yang perlu dicek", "{{ uraian }}"),
        ("Kata yang dimaksud", "{{ kutipan }}"),
        ("{%tr if rincian %}", ""),
        ("Rincian", "{{ rincian }}"),
        ("{%tr endif %}", ""),
        ("Dasar", "{{ dasar }}"),
        ("Kode temuan", "{{ kode }} (aturan {{ aturan }}, tingkat {{ tingkat }}, {{ status }})"),
    )
    _table(paper, facts)
    _say(paper, "{%p for bagian in petikan %}")
    _say(paper, "{{ bagian.label }}: “{{ bagian.teks }}”", italic=True)
    _say(paper, "{%p endfor %}")
    _say(paper, "{%p if jawaban %}")
    _say(paper, "Jawaban yang sudah kami terima: “{{ jawaban }}”")
    _say(paper, "{%p endif %}")
    _say(
        paper,
        f"Sehubungan dengan itu kami mohon Saudara berkenan memeriksa dan menyampaikan klarifikasi paling lambat tanggal {_BLANK}"
        " kepada {{ pengirim }}. Bila unggahan memang perlu diperbaiki, mohon sekaligus disampaikan tindak lanjutnya.",
    )
    _say(
        paper,
        "Saudara berhak menjawab atau membantah catatan ini. Jawaban Saudara akan dimuat apa adanya di samping temuan itu pada "
        "ringkasan berikutnya; cukup sebutkan kode temuan di atas.",
    )
    _say(paper, _CLOSING).paragraph_format.keep_with_next = True
    _signature(paper)
    return _saved(paper)


def thanks() -> bytes:
    """The letter to a unit whose posts serve the public."""
    paper = _paper("NOTA DINAS")
    _addresses(paper, "Ucapan terima kasih atas pengelolaan media sosial")
    _say(paper, "Dengan hormat,")
    _say(
        paper,
        "Selama {{ masa }} akun resmi {{ unit }} menerbitkan {{ jumlah }} unggahan yang bermanfaat langsung bagi warga"
        " ({{ rincian }}), dari {{ jumlah_semua }} unggahan yang kami baca. Untuk itu kami menyampaikan terima kasih kepada Saudara"
        " dan para pengelola akun.",
    )
    _say(paper, "Beberapa di antaranya layak menjadi contoh bagi unit lain:")
    _say(paper, "{%p for contoh in contoh_unggahan %}")
    _say(
        paper,
        "{{ loop.index }}. “{{ contoh.teks }}” ({{ contoh.jenis }}, {{ contoh.akun }}, {{ contoh.waktu }}; {{ contoh.alamat }})",
    )
    _say(paper, "{%p endfor %}")
    _say(
        paper,
        "Kami berharap kerja baik ini diteruskan: hasil kerja, layanan, dan keterangan yang memudahkan warga lebih berarti dari "
        "banyaknya unggahan.",
    )
    _say(paper, _CLOSING).paragraph_format.keep_with_next = True
    _signature(paper)
    return _saved(paper)


FORMS: dict[str, Callable[[], bytes]] = {"memo.docx": memo, "thanks.docx": thanks}


def _paper(title: str) -> Any:
    """An empty A4 page with the letterhead and a title."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(10.5)
    style.paragraph_format.space_after = Pt(6)
    _letterhead(paper)
    head = _say(paper, title, bold=True, size=13, after=10)
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    head.paragraph_format.space_before = Pt(12)
    return paper


def _letterhead(paper: Any) -> None:
    """The emblem at the left, the names in the middle, and a line below."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    table = paper.add_table(rows=1, cols=3)
    table.autofit = False
    for column, cell, width in zip(
        table.columns, table.rows[0].cells, (_SIDE_MM, 165 - 2 * _SIDE_MM, _SIDE_MM), strict=True
    ):
        column.width = cell.width = Mm(width)
    left, middle, _ = table.rows[0].cells
    left.paragraphs[0].add_run("{{ lambang }}")
    left.paragraphs[0].paragraph_format.space_after = Pt(0)
    lines = (
        ("{%p for baris in kop %}", 14),
        ("{{ baris }}", 14),
        ("{%p endfor %}", 14),
        ("{{ alamat }}", 9),
        ("{{ kontak }}", 9),
    )
    for number, (text, size) in enumerate(lines):
        line = middle.paragraphs[0] if number == 0 else middle.add_paragraph()
        run = line.add_run(text)
        run.bold, run.font.size = size > 9, Pt(size)
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        line.paragraph_format.space_after = Pt(0)
    rule = _say(paper, "", size=2, after=0)
    _ruled(rule)


def _addresses(paper: Any, subject: str) -> None:
    rows = (
        ("Kepada", "Yth. {{ kepada }}"),
        ("Dari", "{{ pengirim }}"),
        ("Tanggal", _BLANK),
        ("Nomor", _BLANK),
        ("Sifat", _BLANK),
        ("Lampiran", "-"),
        ("Hal", subject),
    )
    _ruled(_table(paper, rows, colon=True))


def _table(paper: Any, rows: Sequence[tuple[str, str]], *, colon: bool = False) -> Any:
    """Two columns, term and text; returns the empty paragraph after them."""
    from docx.shared import Mm, Pt

    table = paper.add_table(rows=0, cols=2)
    if not colon:
        table.style = "Table Grid"
    table.autofit = False
    table.columns[0].width, table.columns[1].width = Mm(_TERM_MM), Mm(_TEXT_MM)
    for term, text in rows:
        cells = table.add_row().cells
        for cell, words, width, bold in (
            (cells[0], term, _TERM_MM, not colon),
            (cells[1], f": {text}" if colon else text, _TEXT_MM, False),
        ):
            cell.width = Mm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(2)
            paragraph.add_run(words).bold = bold
    after = paper.add_paragraph()
    after.paragraph_format.space_after = Pt(4)
    after.paragraph_format.line_spacing = Pt(6)
    return after


def _say(
    paper: Any, text: str, *, bold: bool = False, italic: bool = False, size: float = 10.5, after: float = 5
) -> Any:
    from docx.shared import Pt

    paragraph = paper.add_paragraph()
    run = paragraph.add_run(text)
    run.bold, run.italic = bold, italic
    run.font.size = Pt(size)
    paragraph.paragraph_format.space_after = Pt(after)
    return paragraph


def _ruled(paragraph: Any) -> None:
    """A line below the paragraph."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "12"), ("space", "4"), ("color", "000000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _signature(paper: Any) -> None:
    from docx.shared import Mm, Pt

    lines = (
        "{{ ttd_tempat }}, " + _BLANK[:24],
        "{{ ttd_jabatan }}",
        "{{ ttd_nama }}",
        "{{ ttd_pangkat }}",
        "NIP {{ ttd_nip }}",
    )
    for number, text in enumerate(lines):
        line = _say(paper, text, bold=number == 2, after=0)
        line.paragraph_format.left_indent = Mm(85)
        line.paragraph_format.keep_with_next = number < len(lines) - 1
        if number in (0, 2):
            line.paragraph_format.space_before = Pt(10 if number == 0 else 44)


def _saved(paper: Any) -> bytes:
    properties = paper.core_properties
    properties.author, properties.title, properties.comments = "Pantau", "Nota dinas", ""
    properties.created = properties.modified = properties.last_printed = _WRITTEN
    buffer = io.BytesIO()
    paper.save(buffer)
    return steady(buffer.getvalue())


def steady(package: bytes) -> bytes:
    """The same package without the time of its writing in the archive's entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for item in before.infolist():
            entry = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(entry, before.read(item.filename))
    return out.getvalue()


def write(folder: Path) -> None:
    """Write both templates into ``folder``."""
    for name, make in FORMS.items():
        (folder / name).write_bytes(make())


if __name__ == "__main__":
    write(data_dir("templates"))
