"""Makes the small copy of a picture that the digest shows: decoded within limits, drawn anew, without anything but pixels."""

import io

from PIL import Image

from pantau.checks.picture_file import open_picture
from pantau.core.errors import PictureError
from pantau.core.pictures import Thumbnail

MAX_BYTES = 15 * 1024
_SIDES = (240, 180, 120)
"""Longest side in pixels; a mail shows it at half that, which stays sharp on telephones."""
_QUALITIES = (78, 65, 50, 35)


def thumbnail(data: bytes) -> Thumbnail:
    """The same bytes give the same copy, of at most ``MAX_BYTES``. Raises ``PictureError`` for what is no usable picture."""
    source = open_picture(data, 2 * _SIDES[0]).image  # twice the size, so that drawing it smaller still smooths
    for side in _SIDES:
        small = source.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        # Pixels alone go over: Pillow would carry comments and colour profiles of the original into the file.
        pixels = Image.new("RGB", small.size)
        pixels.paste(small)
        for quality in _QUALITIES:
            out = io.BytesIO()
            pixels.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= MAX_BYTES:
                return Thumbnail(out.getvalue(), *pixels.size)
    raise PictureError("gambar kecilnya tetap terlalu besar")
