"""What single steps cost on this machine: the second signal a post, words off a picture, and checks by one process and by two."""

import io
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from typing import Any

from pantau.core.model import Post

_PICTURES = 6
_PICTURE_PIXELS = (1080, 1350)
_BLOCK = 500


def signal_s(texts: Sequence[str]) -> float:
    """CPU seconds of the second signal (scores of all families and the category) for one caption."""
    from pantau.checks.second_signal import shipped_signal

    signal = shipped_signal()
    signal.raw(texts[:10])
    began = time.process_time()
    for at in range(0, len(texts), _BLOCK):
        signal.scores(texts[at : at + _BLOCK])
        signal.categories(texts[at : at + _BLOCK])
    return (time.process_time() - began) / len(texts)


def ocr_s(texts: Sequence[str]) -> float | None:
    """CPU seconds of opening, hashing and reading one picture of the size that Instagram hands out; None without the extra."""
    from pantau.checks.ocr import text_reader
    from pantau.core.errors import PictureError

    try:
        reader = text_reader()
    except PictureError:
        return None
    from PIL import Image

    files = [_poster(text) for text in texts[:_PICTURES]]
    reader.read(Image.open(io.BytesIO(files[0])).convert("RGB"))
    began = time.process_time()
    for file in files:
        reader.read(Image.open(io.BytesIO(file)).convert("RGB"))
    return (time.process_time() - began) / len(files)


def _poster(text: str) -> bytes:
    """A JPEG with up to eight lines of the caption."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.effect_noise(_PICTURE_PIXELS, 24).convert("RGB")
    draw = ImageDraw.Draw(image)
    for line in range(8):
        draw.text(
            (60, 80 + 120 * line), text[32 * line : 32 * line + 32], font=ImageFont.load_default(52), fill="white"
        )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _posts(texts: Sequence[str]) -> list[Post]:
    start = datetime(2026, 11, 24, tzinfo=UTC)
    return [
        Post(platform="x", post_id=str(n), account=f"x:{n % 997}", published_at=start + timedelta(seconds=n), text=text)
        for n, text in enumerate(texts)
    ]


@cache
def _checker() -> Any:
    from jobs.catalogue import load_rules
    from pantau.checks.engine import Checker

    return Checker(load_rules(None, datetime(2026, 11, 24, tzinfo=UTC).date()), "ac")


def _check(texts: Sequence[str]) -> int:
    return len(_checker().check(_posts(texts), {}).findings)


def _ready(_: int) -> int:
    return _check(["Selamat pagi"])


def check_wall_s(texts: Sequence[str], workers: int) -> float:
    """Wall seconds of all rules over captions, spread over so many processes that have loaded their rules before."""
    blocks = [texts[at : at + _BLOCK] for at in range(0, len(texts), _BLOCK)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        list(pool.map(_ready, range(4 * workers)))
        began = time.perf_counter()
        list(pool.map(_check, blocks))
        return time.perf_counter() - began
