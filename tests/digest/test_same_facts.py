"""The staff digest as mail, text, PDF and workbook: every block of one is in the others."""

import io
import itertools
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import openpyxl
import pytest

from pantau.core.letters import Letter
from pantau.core.settings import DigestSettings
from pantau.digest.build import build
from pantau.digest.model import Digest, DigestInput
from pantau.digest.render import Renderer
from pantau.digest.spreadsheet import workbook
from tests.digest import sample
from tests.digest.pages import Page
from tests.digest.test_printable import no_poppler, printed, told

LETTERS = (
    Letter(
        letter_id="1",
        outcome="refused",
        sender="staf@arunika.example",
        subject="Bukan pelanggaran",
        sent_at=sample.NIGHT - timedelta(hours=3),
        reason="kodenya milik penerima lain",
    ),
    Letter(letter_id="2", outcome="bounce", sender="camat@arunika.example", reason="kotak surat penuh (5.2.2)"),
)
BLOCKS = ("performance", "decisions", "letters", "vanished", "unchecked", "excused", "rules", "costs")


def night() -> DigestInput:
    return msgspec.structs.replace(sample.rich(), letters=LETTERS, readers=("Sekretaris Daerah", "Inspektur"))


@cache
def digest() -> Digest:
    return build(night())


def squeezed(text: str) -> str:
    """Forms break lines and write headings each in its own way."""
    return re.sub(r"\s+", "", text).casefold()


def titles(text: str) -> list[str]:
    """The underlined headings of the plain text."""
    lines = text.splitlines()
    return [title for title, rule in itertools.pairwise(lines) if title and set(rule) == {"-"} and len(rule) < 78]


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    path.write_bytes(printed(night()))
    # Header and footer would stand in the middle of what goes on on the next page.
    pages = told("pdftotext", path).split("\f")
    foot = re.compile(r"^(Halaman \d+ dari \d+|Nomor ringkasan n-\d+|.*, 24 Nov 2026)$", re.MULTILINE)
    return squeezed("".join(foot.sub("", page) for page in pages))


@no_poppler
def test_every_block_of_the_text_is_in_the_pdf_and_in_the_mail(paper: str) -> None:
    text = Renderer().text(digest())
    page = squeezed(Page(Renderer().html(digest())).text)
    found = titles(text)
    assert len(found) >= 17
    for title in found:
        assert squeezed(title) in paper, title
        assert squeezed(title) in page, title


@no_poppler
def test_every_line_of_every_list_is_in_all_forms(paper: str) -> None:
    forms = {
        "text": squeezed(Renderer().text(digest())),
        "mail": squeezed(Page(Renderer().html(digest())).text),
        "pdf": paper,
    }
    assert digest().letters.entries
    for block in BLOCKS:
        for entry in getattr(digest(), block).entries:
            for form, shown in forms.items():
                assert squeezed(entry.term) in shown, (form, block, entry.term)
                assert squeezed(entry.text) in shown, (form, block, entry.text)


@no_poppler
def test_edits_of_open_findings_and_readers_are_on_paper_too(paper: str) -> None:
    edits = [row.edit for row in digest().open_rows.rows if row.edit]
    edits += [card.edit for card in (*digest().flags.cards, *digest().reviews.cards) if card.edit]
    assert edits
    for edit in edits:
        assert squeezed(edit.label) in paper
    assert squeezed("Dikirim kepada: Sekretaris Daerah, Inspektur.") in paper


def test_the_last_sheet_of_the_workbook_tells_what_its_tables_cannot_hold() -> None:
    assert digest().tables is not None
    book = openpyxl.load_workbook(io.BytesIO(workbook(digest(), digest().tables)))  # type: ignore[arg-type]
    told_there = [f"{a or ''} {b or ''}" for a, b in book["Keterangan"].iter_rows(values_only=True)]
    for block in ("decisions", "letters", "vanished", "unchecked", "rules", "costs"):
        for entry in getattr(digest(), block).entries:
            assert any(entry.term in line and entry.text in line for line in told_there), (block, entry.text)


def test_what_the_mail_leaves_out_is_in_its_text() -> None:
    page = Renderer().render(digest(), msgspec.structs.replace(DigestSettings(), max_findings=2))
    assert page.hidden_findings
    for card in digest().flags.cards:
        for reason in card.reasons:
            assert squeezed(reason.message) in squeezed(page.text)
