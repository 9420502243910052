"""The real reader on drawn pictures: words, numbers, order, and no connection to anywhere."""

import socket

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from PIL import Image

from pantau.checks import ocr
from pantau.checks.ocr import RapidReader, with_blanks
from pantau.checks.personal import is_nik
from pantau.core.errors import PictureError
from tests.drawn import drawing


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def test_words_and_numbers_are_read_from_top_to_bottom_with_their_boxes(reader: RapidReader) -> None:
    written = ["Tas Hermes asli", "harga 180 juta", "NIK 3316014507680003", "HP 0812-3456-7890"]
    lines = reader.read(drawing(written))
    assert [line.text for line in lines] == written
    assert all(line.score > 0.9 for line in lines)
    tops = [line.box[1] for line in lines]
    assert tops == sorted(tops)
    assert all(
        0 <= left < right <= 720 and 0 <= top < bottom <= 480 for left, top, right, bottom in (x.box for x in lines)
    )
    assert is_nik(lines[2].text)


def test_light_writing_on_a_light_ground_and_compressed_writing_are_read(reader: RapidReader) -> None:
    faint = reader.read(drawing(["Liburan ke Eropa"], colours=("#d8d8d8", "#a0a0a0")))
    assert "Eropa" in faint[0].text


def test_a_picture_without_writing_gives_no_lines(reader: RapidReader) -> None:
    assert reader.read(Image.new("RGB", (600, 400), "navy")) == ()


@pytest.mark.parametrize("size", [(16, 16), (16, 640), (640, 16), (2000, 2000)])
def test_odd_sizes_do_no_harm(reader: RapidReader, size: tuple[int, int]) -> None:
    assert reader.read(Image.effect_noise(size, 90).convert("RGB")) is not None


def test_reading_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the reader went to the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert RapidReader().read(drawing(["Halo"]))[0].text == "Halo"


def test_two_readings_of_one_picture_are_equal(reader: RapidReader) -> None:
    image = drawing(["Pembagian sembako", "RT 05 RW 02"])
    assert reader.read(image) == reader.read(image)


def test_a_reader_without_its_models_is_refused_before_it_fetches_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_MODELS", {"Det": "tidak-ada.onnx"})
    with pytest.raises(PictureError, match="versi lain"):
        RapidReader()


def test_models_that_break_on_a_picture_make_it_unreadable(
    reader: RapidReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = RapidReader()

    def crash(_pixels: object) -> None:
        raise RuntimeError("onnx")

    monkeypatch.setitem(broken.__dict__, "_engine", crash)
    with pytest.raises(PictureError, match="RuntimeError"):
        broken.read(drawing(["Halo"]))


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("RT 05RW 02", "RT 05 RW 02"),
        ("NIK3316014507680003", "NIK 3316014507680003"),
        ("a.n. Siti HP081234567890", "a.n. Siti HP 081234567890"),
        ("KK:3316014507680003", "KK:3316014507680003"),
        ("RT05/RW02", "RT 05/RW 02"),
        ("COVID19 dan 4WD", "COVID19 dan 4WD"),
        ("KRT01 SKK12", "KRT01 SKK12"),
        ("Rp500.000  per 10kg", "Rp500.000 per 10kg"),
    ],
)
def test_blanks_lost_between_a_label_and_its_number_come_back(read: str, meant: str) -> None:
    assert with_blanks(read) == meant
