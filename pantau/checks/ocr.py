"""Reads the words on a picture with rapidocr (extra ``ocr``): models from its wheel, no network, nothing drawn."""

import importlib.util
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pantau.core.errors import PictureError
from pantau.core.pictures import PictureLine

if TYPE_CHECKING:
    from PIL import Image

_OURS = 1
"""Raised whenever what follows here changes the words that come out."""
_LIMIT_SIDE = 736
_MAX_LINES = 200
"""Lines on one picture; the rest of a page full of small print is not read."""
_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}
_LABELS = r"NIK|KK|NIP|HP|WA|Telp|Tlp|RT|RW|Rek"
_LOST_BLANK = re.compile(rf"(?<=\d)(?=(?:{_LABELS})\b)|(?<![^\W_])(?:{_LABELS})(?=\d{{2,}})")


class TextReader(Protocol):
    """Reads the words on pictures."""

    version: str
    """Changes whenever the words may come out otherwise; part of the key under which they are kept."""

    def read(self, image: "Image.Image") -> tuple[PictureLine, ...]:
        """The lines from top to bottom, boxes in pixels of ``image``. Raises ``PictureError``."""
        ...


class RapidReader:
    """rapidocr on onnxruntime. The models load with the first picture."""

    def __init__(self) -> None:
        """Raises ``PictureError`` when the extra is not installed as this version needs it."""
        from importlib import metadata

        found = importlib.util.find_spec("rapidocr")
        if found is None or not found.origin or importlib.util.find_spec("onnxruntime") is None:
            raise PictureError("pembaca gambar belum dipasang (tambahan ocr)")
        folder = Path(found.origin).parent / "models"
        self._models = {part: folder / name for part, name in _MODELS.items()}
        # A missing model would be fetched from the network at the first picture.
        if not all(path.is_file() for path in self._models.values()):
            raise PictureError("pembaca gambar terpasang dalam versi lain, tanpa model yang dikenal")
        self.version = f"rapidocr-{metadata.version('rapidocr')}/{_LIMIT_SIDE}/{_OURS}"

    @cached_property
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        settings: dict[str, Any] = {f"{part}.model_path": str(path) for part, path in self._models.items()}
        settings |= {"Det.limit_side_len": _LIMIT_SIDE, "Det.limit_type": "max", "Global.log_level": "critical"}
        return RapidOCR(params=settings)

    def read(self, image: "Image.Image") -> tuple[PictureLine, ...]:
        """See ``TextReader``."""
        import numpy as np

        pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
        try:
            found = self._engine(pixels)
        except Exception as error:  # a picture that breaks the models is one that could not be read, not a lost night
            raise PictureError(f"pembaca gambar gagal ({type(error).__name__})") from error
        if found.txts is None or found.boxes is None:
            return ()
        lines = zip(found.txts, found.scores, found.boxes, strict=True)
        return tuple(_line(str(text), float(score), box) for text, score, box in lines if _says(text))[:_MAX_LINES]


def _says(text: str) -> bool:
    """False for the lone signs that shapes and ornaments are taken for."""
    return any(character.isalnum() for character in text)


def _line(text: str, score: float, box: Any) -> PictureLine:
    corners = [(max(0, round(float(x))), max(0, round(float(y)))) for x, y in box]
    across, down = zip(*corners, strict=True)
    return PictureLine(with_blanks(text), round(score, 3), (min(across), min(down), max(across), max(down)))


def with_blanks(text: str) -> str:
    """One line with the blanks back that readers lose between a label and its number: ``05RW 02``, ``NIK3316...``."""
    return " ".join(_LOST_BLANK.sub(lambda found: f"{found[0]} ", text).split())


def text_reader() -> TextReader:
    """The reader of this machine. Raises ``PictureError`` when none is installed."""
    return RapidReader()
