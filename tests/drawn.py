"""Pictures with writing for tests, drawn with Pillow's own font, which is the same on every machine."""

import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont


def drawing(
    lines: Sequence[str] = (), size: tuple[int, int] = (720, 480), colours: tuple[str, str] = ("#16324f", "white")
) -> Image.Image:
    """Lines of writing on an even ground, with a shape beside them so that the picture can be told from others."""
    image = Image.new("RGB", size, colours[0])
    draw = ImageDraw.Draw(image)
    width, height = size
    for number, colour in enumerate(("#c0392b", "#f1c40f", "#27ae60", "#8e44ad")):
        left = width * (number + 1) // 6
        draw.rectangle((left, height * 2 // 3, left + width // 12, height * (90 + number) // 100), fill=colour)
    for number, words in enumerate(lines):
        draw.text((40, 30 + 62 * number), words, font=ImageFont.load_default(40), fill=colours[1])
    return image


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """The picture as a file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def picture(*lines: str, form: str = "PNG", **options: Any) -> bytes:
    """A file with lines of writing."""
    return encoded(drawing(lines), form, **options)
