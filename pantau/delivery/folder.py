"""Mails as ``.eml`` files in a folder, for the demo, a trial run and offices that forward by hand. Opens no connection."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from pantau.core.errors import DeliveryError
from pantau.core.model import Mail
from pantau.delivery.transport import Receipt

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]+")


class FolderTransport:
    """Writes each mail as one file; writing the same mail again replaces that file, so nothing is ever there twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.written: list[Path] = []
        """Files of this object's life, in order."""

    def open(self) -> None:
        """Make the folder. Raises ``DeliveryError`` when that is not possible."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from error

    def send(self, mail: Mail, before_handover: Callable[[bool], None]) -> Receipt:
        """Write the file, whole or not at all. ``before_handover`` is not needed: a repeat leaves one file."""
        path = self._folder / file_name(mail)
        half = path.with_name(f".{path.name}.part")
        try:
            with half.open("wb") as file:
                file.write(mail.wire)
                file.flush()
                os.fsync(file.fileno())
            half.replace(path)
        except OSError as error:
            half.unlink(missing_ok=True)
            raise self._unusable(error) from error
        self.written.append(path)
        return Receipt(text=path.name)

    def close(self) -> None:
        """Nothing is open."""

    def _unusable(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"Folder surel {self._folder} tidak dapat ditulisi: {error.strerror or error}. "
            "Periksa mail.folder, izin folder, dan sisa ruang disk."
        )


def file_name(mail: Mail) -> str:
    """``<run>-<edition>-<recipient>-<8 hex digits of the Message-ID's SHA-256>.eml``, safe on every file system."""
    digest = hashlib.sha256(mail.message_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = _UNSAFE.sub("_", f"{mail.run_id}-{mail.edition}-{mail.recipient}").lstrip(".")
    return f"{stem[:150]}-{digest}.eml"
