"""Secrets come from the environment or from a file that only its owner can read; they are never shown."""

import os
import stat
from pathlib import Path

from pantau.core.errors import SecretError

_GROUP_AND_OTHERS = 0o077
_OTHERS = 0o007


class Secret:
    """A reference ``env:NAME`` or ``file:PATH``. Printing or logging it shows the reference, never the value."""

    def __init__(self, reference: str, base: Path | None = None) -> None:
        self.reference = reference
        self._base = base or Path()

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    def reveal(self) -> str:
        """The secret itself. Raises ``SecretError`` when it is missing, empty or readable by others."""
        scheme, _, name = self.reference.partition(":")
        if scheme == "env" and name:
            value = os.environ.get(name, "").strip()
            if not value:
                raise SecretError(f"Variabel lingkungan {name} kosong. Isi di berkas lingkungan yang dibaca cron.")
            return value
        if scheme == "file" and name:
            return _read_private(self._base / Path(name).expanduser())
        raise SecretError(f"Rahasia harus ditulis env:NAMA atau file:JALUR, bukan langsung ({scheme[:4]}...).")


def make_private(path: Path, value: str) -> None:
    """Write ``value`` to a file that only its owner can read, unless there is one; whole or not at all."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(f"{value}\n", "utf-8")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster; its secret counts
    finally:
        draft.unlink()


def _handed_over(path: Path) -> bool:
    """Whether systemd handed the file to this service alone (LoadCredential): its access list shows as rights of the group."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.resolve().is_relative_to(Path(str(folder)).resolve())


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        value = path.read_text("utf-8").strip()
    except OSError as error:
        raise SecretError(f"Berkas rahasia {path} tidak dapat dibaca: {error.strerror}. Periksa jalurnya.") from error
    if stat.S_IMODE(mode) & (_OTHERS if _handed_over(path) else _GROUP_AND_OTHERS):
        raise SecretError(f"Berkas rahasia {path} dapat dibaca orang lain. Jalankan: chmod 600 {path}")
    if not value:
        raise SecretError(f"Berkas rahasia {path} kosong. Tulis rahasianya di baris pertama.")
    return value
