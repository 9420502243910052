"""Looking at pictures: a file is read once, the same file never again, and a repeat is named without borrowing its words."""

import hashlib

import pytest
from PIL import Image

from pantau.checks.pictures import Desk, OwnEyes, Seen
from pantau.core.errors import PictureError
from pantau.core.pictures import PictureFacts, PictureLine
from tests.drawn import drawing, encoded, picture


class FakeReader:
    """Implements ``pantau.checks.ocr.TextReader``: says what it is told and counts how often it is asked."""

    version = "uji-1"

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.asked: list[Image.Image] = []

    def read(self, image: Image.Image) -> tuple[PictureLine, ...]:
        self.asked.append(image)
        if self.lines == ("mogok",):
            raise PictureError("pembaca gambar gagal (RuntimeError)")
        return tuple(PictureLine(line, 0.9, (10, 10 * n, 100, 10 * n + 9)) for n, line in enumerate(self.lines))


class Memory:
    """What the store would remember."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str], tuple[PictureLine, ...]] = {}
        self.facts: dict[str, PictureFacts] = {}

    def keep(self, seen: Seen) -> None:
        if seen.facts:
            self.facts[seen.facts.sha256] = seen.facts
            self.texts[seen.picture.sha256, seen.picture.ocr_version] = seen.picture.lines

    def desk(self, reader: FakeReader) -> Desk:
        prints = [(name, item.dhash) for name, item in self.facts.items()]
        return Desk(OwnEyes(reader), lambda sha256, version: self.texts.get((sha256, version)), self.facts.get, prints)


def test_the_lines_of_a_picture_come_with_its_hash_and_the_reader_s_version() -> None:
    data, reader = picture("Halo"), FakeReader("Halo", "Dunia")
    seen = Memory().desk(reader).look(2, data)
    assert seen.picture.n == 2
    assert seen.picture.state == "read"
    assert [line.text for line in seen.picture.lines] == ["Halo", "Dunia"]
    assert seen.picture.sha256 == hashlib.sha256(data).hexdigest()
    assert seen.picture.ocr_version == "uji-1"
    assert seen.facts is not None
    assert (seen.facts.width, seen.facts.height, seen.facts.same_as) == (720, 480, seen.picture.sha256)


def test_a_file_seen_in_an_earlier_night_is_not_read_again() -> None:
    memory, reader = Memory(), FakeReader("Halo")
    first = memory.desk(reader).look(1, picture("Halo"))
    memory.keep(first)
    again = memory.desk(reader).look(1, picture("Halo"))
    assert len(reader.asked) == 1
    assert again.picture == first.picture
    assert first.fresh
    assert not again.fresh


def test_the_same_file_twice_in_one_post_is_read_once() -> None:
    reader = FakeReader("Halo")
    desk = Memory().desk(reader)
    assert desk.look(1, picture("Halo")).picture.sha256 == desk.look(2, picture("Halo")).picture.sha256
    assert len(reader.asked) == 1


def test_a_newer_reader_reads_again() -> None:
    memory, newer = Memory(), FakeReader("Halo juga")
    memory.keep(memory.desk(FakeReader("Halo")).look(1, picture("Halo")))
    newer.version = "uji-2"
    assert memory.desk(newer).look(1, picture("Halo")).picture.lines[0].text == "Halo juga"


def test_a_compressed_copy_is_the_same_picture_but_is_read_on_its_own() -> None:
    memory, reader = Memory(), FakeReader("Harga 180 juta")
    first = memory.desk(reader).look(1, picture("Harga 180 juta"))
    memory.keep(first)
    copy = memory.desk(reader).look(1, encoded(drawing(["Harga 180 juta"]).resize((360, 240)), "JPEG", quality=60))
    assert len(reader.asked) == 2
    assert copy.facts is not None
    assert copy.facts.same_as == first.picture.sha256
    assert copy.picture.sha256 != first.picture.sha256


def test_another_poster_on_the_same_template_is_another_picture() -> None:
    memory = Memory()
    memory.keep(memory.desk(FakeReader("Jadwal posyandu bulan Agustus")).look(1, picture("Posyandu")))
    other = memory.desk(FakeReader("Lowongan relawan banjir")).look(1, picture("Relawan"))
    assert other.facts is not None
    assert other.facts.same_as == other.picture.sha256
    assert other.facts.similar_to == ""


def test_when_the_earlier_words_are_unknown_a_person_has_to_look() -> None:
    memory = Memory()
    first = memory.desk(FakeReader("Halo")).look(1, picture("Halo"))
    memory.keep(first)
    memory.texts.clear()
    copy = memory.desk(FakeReader("Halo")).look(1, picture("Halo", form="JPEG"))
    assert copy.facts is not None
    assert copy.facts.same_as == copy.picture.sha256
    assert copy.facts.similar_to == first.picture.sha256


def test_boxes_are_in_pixels_of_the_picture_as_published() -> None:
    seen = Memory().desk(FakeReader("Besar")).look(1, encoded(Image.new("RGB", (4_000, 2_000), "navy")))
    assert seen.picture.lines[0].box == (20, 0, 200, 18)


@pytest.mark.parametrize(
    ("data", "lines"), [(b"bukan gambar", ("x",)), (picture("Halo")[:500], ("x",)), (picture(), ("mogok",))]
)
def test_what_cannot_be_read_is_a_result_with_its_reason(data: bytes, lines: tuple[str, ...]) -> None:
    seen = Memory().desk(FakeReader(*lines)).look(1, data)
    assert seen.picture.state == "unreadable"
    assert seen.picture.reason
    assert seen.facts is None


def test_a_picture_without_writing_is_read_and_empty() -> None:
    seen = Memory().desk(FakeReader()).look(1, picture())
    assert seen.picture.state == "read"
    assert seen.picture.lines == ()
