"""Pictures come from strangers: whatever they hold, the answer is a picture or a reason, never a crash."""

import contextlib
import io
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pantau.checks import picture_file
from pantau.checks.picture_file import MAX_SIDE, open_picture
from pantau.core.errors import PictureError
from tests.drawn import drawing, encoded, picture


def reason(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture(data)
    return str(caught.value)


def claimed_png(width: int, height: int) -> bytes:
    """A tiny file that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("data", [b"<html>Not found</html>", b"GIF89a", b"%PDF-1.7", b"\0" * 500, b"x"])
def test_a_file_that_is_no_picture_says_so(data: bytes) -> None:
    assert reason(data)


def test_an_empty_file_says_so() -> None:
    assert reason(b"") == "berkasnya kosong"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_truncated_picture_is_unreadable_rather_than_half_read(form: str) -> None:
    data = encoded(drawing(["Jadwal posyandu"]), form)
    assert "rusak atau terpotong" in reason(data[: len(data) * 2 // 3])


@pytest.mark.parametrize("size", [(100_000, 100_000), (20_000, 9_000), (7_000, 6_000)])
def test_a_small_file_that_claims_to_be_huge_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    assert reason(claimed_png(*size)) == "ukurannya terlalu besar"


@pytest.mark.parametrize("size", [(1, 1), (8, 900), (2_000, 20)])
def test_what_is_too_small_or_too_narrow_to_hold_writing_is_refused(size: tuple[int, int]) -> None:
    assert "terlalu kecil" in reason(encoded(Image.new("RGB", size)))


@pytest.mark.parametrize("mode", ["CMYK", "P", "L", "1", "LA", "RGBA", "I;16", "YCbCr"])
def test_every_colour_model_becomes_a_plain_picture(mode: str) -> None:
    source = drawing(["Halo"])
    if mode == "P":
        data = encoded(source.convert("P"), "GIF")
    elif mode == "I;16":
        deep = np.asarray(source.convert("L"), np.uint16) * 257
        data = encoded(Image.fromarray(deep))
    else:
        image = source.convert("L").convert(mode) if mode == "LA" else source.convert(mode)
        data = encoded(image, "JPEG" if mode in ("CMYK", "YCbCr") else "PNG")
    opened = open_picture(data)
    assert opened.image.mode == "RGB"
    assert (opened.width, opened.height) == source.size
    assert opened.image.convert("L").getextrema()[0] < 100 < 200 < opened.image.convert("L").getextrema()[1]


def test_of_an_animation_the_first_frame_is_read_and_that_is_said() -> None:
    frames = [drawing(["Satu"]), drawing(["Dua"], colours=("white", "black"))]
    opened = open_picture(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100))
    assert "bingkai pertama" in opened.note
    assert opened.image.getpixel((5, 5)) == pytest.approx((22, 50, 79), abs=12)


def test_a_transparent_ground_shows_both_light_and_dark_writing() -> None:
    layer = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    layer.paste((255, 255, 255, 255), (10, 10, 60, 60))
    layer.paste((0, 0, 0, 255), (100, 10, 150, 60))
    image = open_picture(encoded(layer)).image
    assert [image.getpixel(place) for place in ((20, 20), (120, 20), (180, 90))] == [
        (255, 255, 255),
        (0, 0, 0),
        (128, 128, 128),
    ]


def test_a_picture_lying_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    opened = open_picture(encoded(drawing(["Halo"]), "JPEG", exif=exif))
    assert (opened.width, opened.height) == (480, 720) == opened.image.size


def test_a_large_picture_is_scaled_down_but_keeps_its_published_size() -> None:
    opened = open_picture(encoded(Image.new("RGB", (5_000, 3_000), "navy"), "JPEG"))
    assert (opened.width, opened.height) == (5_000, 3_000)
    assert max(opened.image.size) == MAX_SIDE


def test_damaged_files_give_a_picture_or_a_reason_whatever_byte_is_changed() -> None:
    chance = random.Random(20261124)
    samples = [picture("NIK 1234", form=form) for form in ("PNG", "JPEG", "GIF", "WEBP", "BMP")]
    samples.append(encoded(drawing(["Halo"]), "GIF", save_all=True, append_images=[drawing(["Dua"])]))
    for _ in range(150):
        data = bytearray(chance.choice(samples))
        for _ in range(chance.choice([1, 3, 20])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(PictureError):
            assert open_picture(bytes(data)).image.mode == "RGB"


def test_memory_that_runs_out_is_a_reason_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(picture_file, "_decoded", starved)
    assert "memori" in reason(picture("Halo"))


def test_formats_that_run_other_programs_are_never_tried() -> None:
    image = io.BytesIO()
    drawing(["Halo"]).save(image, "EPS")
    assert "bukan gambar yang dikenal" in reason(image.getvalue())
