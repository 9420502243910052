import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from markupsafe import escape

from jobs.attaching import prepare
from pantau.core.settings import Settings, Signature
from pantau.digest import printable, typesetter
from pantau.digest.build import build
from pantau.digest.render import Renderer
from tests.digest import golden, hostile, sample
from tests.digest.large import night as large

PICTURE = (sample.FIXTURES / "lebar.jpg").read_bytes()
SIGNED = msgspec.structs.replace(
    sample.OFFICE,
    letterhead=("PEMERINTAH KABUPATEN ARUNIKA", "SEKRETARIAT DAERAH"),
    reach="Telepon (0000) 531000",
    signature=Signature(place="Arunika", title="Kepala Bagian", name="Lintang Permata", nip="19800101 200501 2 001"),
)
no_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are not installed")


def printed(data=None, office=sample.OFFICE, paper="A4", emblem=b"") -> bytes:
    digest = build(data or sample.rich())
    assert digest.tables is not None
    return printable.pdf(digest, printable.letterhead(office, emblem), digest.tables.made_at, paper)


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    path.write_bytes(printed(office=SIGNED, emblem=PICTURE))
    return path


def told(command: str, path: Path, *more: str) -> str:
    return subprocess.run([command, *more, str(path), *(["-"] if command == "pdftotext" else [])],
                          check=True, capture_output=True, text=True).stdout  # fmt: skip


@no_poppler
def test_the_pdf_is_tagged_titled_a4_and_holds_no_script(paper: Path):
    facts = told("pdfinfo", paper)
    assert re.search(r"Tagged: +yes", facts)
    assert re.search(r"Page size: +595\.\d+ x 841\.\d+ pts \(A4\)", facts)
    assert re.search(r"JavaScript: +no", facts)
    assert "Ringkasan 24 Nov 2026" in facts


@no_poppler
def test_every_font_is_embedded(paper: Path):
    rows = [row.split() for row in told("pdffonts", paper).splitlines()[2:]]
    assert rows
    assert all(row[-5] == "yes" for row in rows), rows


@no_poppler
def test_every_page_says_which_of_how_many_it_is_and_of_which_run(paper: Path):
    pages = told("pdftotext", paper, "-layout").split("\f")[:-1]
    assert len(pages) > 5
    for number, page in enumerate(pages, 1):
        assert f"Halaman {number} dari {len(pages)}" in page
        assert "Nomor ringkasan n-20261124" in page


@no_poppler
def test_the_letterhead_and_the_signature_block_are_the_offices(paper: Path):
    pages = told("pdftotext", paper, "-layout").split("\f")[:-1]
    for words in (
        "PEMERINTAH KABUPATEN ARUNIKA",
        "SEKRETARIAT DAERAH",
        "Jalan Pendapa Nomor 1",
        "Telepon (0000) 531000",
    ):
        assert words in pages[0]
    assert re.search(
        r"Arunika, 24 November 2026\s+Kepala Bagian\s+Lintang Permata\s+NIP 19800101 200501 2 001", pages[-1]
    )


@no_poppler
def test_without_a_signature_in_the_settings_nobody_signs_and_the_letterhead_still_names_the_office(tmp_path: Path):
    path = tmp_path / "a.pdf"
    path.write_bytes(printed())
    text = told("pdftotext", path)
    assert "NIP" not in re.findall(r"^NIP\b", text, re.MULTILINE)
    assert "PEMERINTAH KABUPATEN ARUNIKA" in text


@no_poppler
def test_the_pdf_says_what_the_digest_says(paper: Path):
    digest = build(sample.rich())
    flat = re.sub(r"\s+", "", told("pdftotext", paper))
    said = [digest.headline, *(tile.label for tile in digest.tiles), *digest.warnings]
    said += [card.unit for card in digest.flags.cards] + [r.message for c in digest.flags.cards for r in c.reasons]
    said += [row.account for row in digest.quiet.rows] + [i.account for g in digest.unread.groups for i in g.items]
    for words in said:
        assert re.sub(r"\s+", "", words) in flat, words
    assert "9999010203040005" not in flat


@no_poppler
def test_the_heads_of_a_long_table_are_repeated_on_each_page(tmp_path: Path):
    path = tmp_path / "a.pdf"
    path.write_bytes(printed(large(400, 3)))
    pages = told("pdftotext", path, "-layout").split("\f")
    assert sum(bool(re.search(r"Akun dan unit\s+Hari diam", page)) for page in pages) > 1


@no_poppler
def test_f4_is_215_by_330_mm(tmp_path: Path):
    path = tmp_path / "a.pdf"
    path.write_bytes(printed(sample.calm(), paper="F4"))
    assert re.search(r"Page size: +609\.\d+ x 935\.\d+ pts", told("pdfinfo", path))


def test_two_processes_at_different_times_print_the_same_bytes():
    code = (
        "import hashlib; from tests.digest.test_printable import printed, SIGNED, PICTURE;"
        "print(hashlib.sha256(printed(office=SIGNED, emblem=PICTURE)).hexdigest())"
    )
    first = hashlib.sha256(printed(office=SIGNED, emblem=PICTURE)).hexdigest()
    time.sleep(1.1)
    again = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=golden.FOLDER.parents[2]
    )
    assert again.stdout.strip() == first


def test_ten_times_the_rows_cost_less_than_five_times_the_time():
    """How many seconds that is depends on the machine: ``python -m benchmarks.digest``."""
    printed(sample.calm())  # imports and font lists are not the rows' fault

    def least_s(rows: int, findings: int) -> float:
        taken_s = []
        for _ in range(2):  # other work on the machine may slow one of them down
            begin = time.process_time()
            printed(large(rows, findings))
            taken_s.append(time.process_time() - begin)
        return min(taken_s)

    assert least_s(120, 12) < 5 * least_s(12, 1)


def test_findings_beyond_the_cards_are_rows_with_their_words_and_code():
    data = build(large(0, 60))
    page = printable.page(data, printable.letterhead(sample.OFFICE), data.tables.made_at)
    cards = page.count('<div class="kartu ') - page.count('<div class="kartu baik"')
    assert len(data.flags.cards) == 60
    assert cards == 8 + min(4, len(data.reviews.cards))
    for card in (*data.flags.cards, *data.reviews.cards):
        for reason in card.reasons:
            assert reason.key in page
            assert all(str(escape(quote)) in page for quote in reason.quotes)
    assert "lagi tidak dimuat" not in page[: page.index("<h2>Tidak aktif")]


def test_rows_for_the_same_reasons_share_one_heading_and_no_other():
    data = build(large(0, 60))
    page = printable.page(data, printable.letterhead(sample.OFFICE), data.tables.made_at)
    rows = data.flags.cards[8:]
    headings = [tuple(reason.message for reason in card.reasons) for card in rows]
    assert len(set(headings)) < len(rows), "some are alike"
    for part in page[page.index("Selebihnya") : page.index("<h2>", page.index("Selebihnya"))].split("<tbody>")[1:]:
        heading, _, below = part.partition("</th></tr>")
        inside = [card for card in rows if card.reasons[0].key in below]
        assert inside
        for card in inside:
            assert all(str(escape(reason.message)) in heading for reason in card.reasons)


@no_poppler
def test_hostile_words_are_printed_as_words(tmp_path: Path):
    data = hostile.night()
    path = tmp_path / "a.pdf"
    path.write_bytes(printed(data, office=data.office))
    text = told("pdftotext", path)
    assert "{{ 7 * 7 }}" in text
    assert "<script>alert(1)</script>" in text
    assert "root:x:0" not in text
    assert not any(bad in text for bad in hostile.FORBIDDEN)
    assert told("pdfdetach", path, "-list").strip() == "0 embedded files"
    links = re.findall(rb"/URI \((.*?)\)", path.read_bytes())
    assert all(link.startswith(b"https://") for link in links)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://127.0.0.1:9/a.png", "https://contoh.example/a.png", "data:text/html,x"]
)
def test_the_typesetter_may_read_nothing_but_pictures_inside_the_page(address: str):
    with pytest.raises(ValueError, match="di luar halaman"):
        typesetter.only_data().fetch(address)


@pytest.mark.parametrize("emblem", [b"<svg onload=alert(1)>", b"GIF89a", b"bukan gambar"])
def test_only_png_and_jpeg_become_the_emblem(emblem: bytes):
    assert printable.letterhead(sample.OFFICE, emblem).emblem == b""
    assert printable.letterhead(sample.OFFICE, PICTURE).emblem == PICTURE


def test_a_broken_emblem_costs_only_itself():
    assert printed(sample.calm(), emblem=b"\x89PNG\r\n\x1a\n rusak").startswith(b"%PDF")


@pytest.fixture
def other_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Starts the typesetter after some Python that spoils it."""

    def spoil(code: str) -> None:
        body = "import os, sys; from pantau.digest import typesetter; typesetter.serve(sys.stdin.buffer, os.fdopen(1, 'wb'))"
        monkeypatch.setattr(typesetter, "COMMAND", (sys.executable, "-c", f"{code}\n{body}"))
        typesetter.TYPESETTER.close()

    yield spoil
    typesetter.TYPESETTER.close()


_NO_PANGO = """
import sys
class Finder:
    def find_spec(self, name, *rest):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("fault", ["import sys; sys.modules['weasyprint'] = None", _NO_PANGO])
def test_a_machine_without_pango_or_weasyprint_is_told_what_to_install(
    other_process: Callable[[str], None], fault: str
):
    other_process(fault)
    with pytest.raises(typesetter.PrintError, match="apt-get install libpango"):
        printed(sample.calm())


def test_a_page_on_which_the_typesetter_hangs_or_dies_costs_the_pdf_alone(
    other_process: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    for fault, limit_s in (
        ("import pantau.digest.typesetter as t, time; t._pdf = lambda source: time.sleep(60)", 3.0),
        ("import pantau.digest.typesetter as t, os; t._pdf = lambda source: os._exit(3)", 60.0),
    ):
        monkeypatch.setattr(typesetter, "LIMIT_S", limit_s)
        other_process(fault)
        with pytest.raises(typesetter.PrintError, match="berhenti di tengah jalan atau terlalu lama"):
            printed(sample.calm())
    other_process("import pantau.digest.typesetter as t; t._pdf = lambda source: 1 / 0")
    with pytest.raises(typesetter.PrintError, match="ZeroDivisionError"):
        printed(sample.calm())
    other_process("")
    assert printed(sample.calm()).startswith(b"%PDF"), "the next page is printed"


@pytest.mark.parametrize(
    "fault",
    [
        _NO_PANGO.replace("cannot load library 'libpango-1.0-0'", "libpango: failed to map segment from shared object"),
        "import pantau.digest.typesetter as t; t._pdf = lambda source: bytes(1 << 60)",
        "import pantau.digest.typesetter as t, os; t._pdf = lambda source: os.kill(os.getpid(), 9)",
    ],
    ids=["libraries find no room", "the page finds no room", "killed by the system"],
)
def test_a_machine_without_memory_is_not_told_to_install_anything(other_process: Callable[[str], None], fault: str):
    other_process(fault)
    with pytest.raises(typesetter.PrintError, match="memori mesin tidak cukup") as caught:
        printed(sample.calm())
    assert "apt-get" not in str(caught.value)


def test_a_typesetter_that_cannot_be_started_costs_the_pdf_alone(
    other_process: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    other_process("")
    monkeypatch.setattr(typesetter, "COMMAND", ("/tidak/ada",))
    typesetter.TYPESETTER.start()
    with pytest.raises(typesetter.PrintError, match="tidak dapat dijalankan"):
        printed(sample.calm())


@pytest.fixture
def own_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Print templates that the office may spoil."""
    folder = shutil.copytree(printable.data_dir("templates"), tmp_path / "templates")
    monkeypatch.setattr(printable, "data_dir", lambda _name: folder)
    printable._environment.cache_clear()
    yield folder
    printable._environment.cache_clear()


@pytest.mark.parametrize(
    "spoilt", ["{% if %}", "{{ digest.tidak_ada }}", "{{ 1 / 0 }}", "{{ head.title + 1 }}", "{{ x("]
)
def test_a_faulty_print_template_is_named_with_its_line_and_the_digest_goes_out_without_pdf(
    own_templates: Path, spoilt: str
):
    page = own_templates / "print.html.j2"
    page.write_text(page.read_text("utf-8").replace("{% for title", f"\n{spoilt}\n{{% for title", 1), "utf-8")
    made = prepare(Settings(), Renderer(), build(sample.calm()), ("pdf",))
    assert made.documents == {}
    assert re.search(r"PDF tidak dibuat: templat \S+\.j2 baris \d+ tidak dapat dipakai", made.page.attached)
    assert "PDF tidak dibuat" in " ".join(made.rendered.text.split())


def test_the_typesetter_sees_no_secret_of_the_environment(
    other_process: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PANTAU_X_TOKEN", "RAHASIA-1")
    other_process("import pantau.digest.typesetter as t, os; t._pdf = lambda source: repr(dict(os.environ)).encode()")
    seen = printed(sample.calm())
    assert b"SOURCE_DATE_EPOCH" in seen
    assert b"RAHASIA" not in seen


def test_nothing_of_the_typesetter_is_left_when_it_is_closed():
    printed(sample.calm())
    process = typesetter.TYPESETTER._process
    assert process is not None
    assert process.poll() is None
    typesetter.TYPESETTER.close()
    assert process.poll() is not None
