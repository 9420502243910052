"""Opens the bytes of a picture that a stranger made: within limits, in all its shapes, never with a crash."""

import io
import warnings

import msgspec
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pantau.core.errors import PictureError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
"""What platforms serve; other decoders are never tried."""
MAX_PIXELS = 40_000_000
"""More than any phone's picture; a small file may claim billions."""
MAX_SIDE = 2000
"""Larger pictures are scaled down before they are read."""
MIN_SIDE = 16
"""On a smaller picture nothing can be read."""
MAX_SHAPE = 40
"""Longest side over shortest: beyond it is a strip that no screen shows."""


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture ready to be read."""

    image: Image.Image
    """RGB, upright, no side longer than the one asked for."""
    width: int
    height: int
    """Size as published, upright."""
    note: str = ""
    """What was left out; empty: nothing."""


def open_picture(data: bytes, max_side: int = MAX_SIDE) -> Picture:
    """Decode a picture, no side longer than ``max_side``: a JPEG that only has to become small is decoded small.

    Raises ``PictureError`` with the reason for whatever cannot be read.
    """
    if not data:
        raise PictureError("berkasnya kosong")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes and broken metadata; both are judged below
            return _decoded(data, max_side)
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError("isinya bukan gambar yang dikenal") from error
    except Image.DecompressionBombError as error:
        raise PictureError("ukurannya terlalu besar") from error
    except MemoryError as error:
        raise PictureError("ukurannya terlalu besar untuk memori mesin ini") from error
    except Exception as error:  # decoders of broken files raise anything; each becomes a picture that could not be read
        raise PictureError("berkasnya rusak atau terpotong") from error


def _decoded(data: bytes, max_side: int) -> Picture:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise PictureError("ukurannya terlalu besar")
        if min(width, height) < MIN_SIDE or max(width, height) > MAX_SHAPE * min(width, height):
            raise PictureError("terlalu kecil atau terlalu sempit untuk dibaca")
        frames = getattr(image, "n_frames", 1)
        if image.format == "JPEG":
            image.draft("RGB", (max_side, max_side))
        image.load()
        if image.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            width, height = height, width
        upright = ImageOps.exif_transpose(image)
        upright = _rgb(upright)
        upright.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    note = "gambar bergerak: hanya bingkai pertama yang dibaca" if frames > 1 else ""
    return Picture(image=upright, width=width, height=height, note=note)


def _rgb(image: Image.Image) -> Image.Image:
    """Any mode as RGB; what is transparent shows a grey on which light and dark writing can be read."""
    if image.mode.startswith("I;16"):  # Pillow would cut every brightness above 255 to white
        image = Image.fromarray((np.asarray(image, np.int32) >> 8).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (128, 128, 128, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")
