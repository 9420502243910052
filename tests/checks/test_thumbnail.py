"""The small copy of a stranger's picture: pixels and nothing else, small whatever came in, an error in words for the rest."""

import io
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pantau.checks.thumbnail import MAX_BYTES, thumbnail
from pantau.core.errors import PictureError
from tests.drawn import drawing, encoded

SECRET = b"-6.9697,111.4170 Rumah Ibu Sri"


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def with_everything() -> bytes:
    """A telephone's JPEG: place, comment, colour profile, XMP, and a small picture inside the EXIF."""
    image = drawing(["posyandu"])
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "S", (6.0, 58.0, 10.9)
    profile = b"\x00" * 36 + b"acsp" + SECRET
    return encoded(image, "JPEG", exif=exif, comment=SECRET, icc_profile=profile, xmp=SECRET)


def test_nothing_of_place_comment_profile_or_program_is_left() -> None:
    source = with_everything()
    assert source.count(SECRET) >= 3
    small = thumbnail(source)
    assert SECRET not in small.data
    markers = [small.data[at + 1] for at in range(len(small.data) - 1) if small.data[at] == 0xFF]
    assert not {0xE1, 0xE2, 0xED, 0xFE} & set(markers)
    shown = opened(small.data)
    assert not shown.getexif()
    assert not {"icc_profile", "comment", "exif", "xmp"} & shown.info.keys()


def test_texts_inside_a_png_are_gone() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", SECRET.decode(), zip=False)
    assert SECRET not in thumbnail(encoded(drawing(), "PNG", pnginfo=notes)).data


@pytest.mark.parametrize("size", [(1080, 1080), (4000, 3000), (300, 2000), (2000, 300), (60, 40), (16, 16)])
def test_it_is_at_most_240_pixels_and_15_kilobytes_and_keeps_its_shape(size: tuple[int, int]) -> None:
    small = thumbnail(encoded(noise(*size), "PNG"))
    assert len(small.data) <= MAX_BYTES
    assert max(small.width, small.height) <= 240
    assert opened(small.data).size == (small.width, small.height)
    assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.05)


def test_the_same_picture_gives_the_same_bytes() -> None:
    source = encoded(drawing(["a"]), "PNG")
    assert thumbnail(source) == thumbnail(source)


def test_a_picture_that_lies_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    small = thumbnail(encoded(drawing(), "JPEG", exif=exif))
    assert small.width < small.height


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "I;16", "CMYK"])
def test_every_kind_of_colour_becomes_a_plain_picture(mode: str) -> None:
    image = drawing(["a"]).convert("L").convert("I;16") if mode == "I;16" else drawing(["a"]).convert(mode)
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(thumbnail(encoded(image, form)).data).mode == "RGB"


def png_claiming(width: int, height: int, rows: bytes = b"\x00") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>Masuk untuk melanjutkan</body></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        png_claiming(100_000, 100_000),
        png_claiming(2**31 - 1, 1),
        png_claiming(6000, 6000, b"\x00" * 20_000_000),
        encoded(drawing(), "JPEG")[:700],
        encoded(drawing(), "TIFF"),
        b"GIF89a" + b"\xff" * 40,
        b"\xff\xd8\xff\xe0" + b"\x00" * 2000,
    ],
    ids=["empty", "html", "svg", "huge", "strip", "bomb", "cut", "tiff", "gif", "jpeg"],
)
def test_what_is_no_usable_picture_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(PictureError, match=r"\w+ \w+"):
        thumbnail(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_a_small_picture_or_a_reason(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
    source = bytearray(encoded(drawing(["a"], (120, 90)), form))
    for _ in range(data.draw(st.integers(1, 8))):
        source[data.draw(st.integers(0, len(source) - 1))] = data.draw(st.integers(0, 255))
    try:
        small = thumbnail(bytes(source))
    except PictureError:
        return
    assert len(small.data) <= MAX_BYTES
