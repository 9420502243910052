"""Reads the values of one TOML table and remembers everything that is wrong with it."""

import tomllib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from pantau.core.errors import Problem

T = TypeVar("T")
_NAMES: dict[type, str] = {
    str: "teks dalam tanda kutip",
    int: "bilangan bulat",
    float: "bilangan, misalnya 0.5",
    bool: "true atau false",
    date: "tanggal (2026-11-24)",
}


def read_toml(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    """The file's tables, or None with a problem when it cannot be read."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(str(path), "berkas", "", f"tidak dapat dibaca ({error})", "Simpan sebagai teks UTF-8."))
    except (
        ValueError,
        RecursionError,
    ) as error:  # besides its own error tomllib raises these for endless numbers and nesting
        problems.append(Problem(str(path), "tata tulis", "", f"bukan TOML yang sah: {error}", "Perbaiki baris itu."))
    return None


class Table:
    """One table of a file. Ask for each known key, then call ``finish``: what was not asked for is unknown."""

    def __init__(self, values: dict[str, Any], file: str, prefix: str, problems: list[Problem]) -> None:
        self.values = values
        self.file = file
        self.prefix = prefix
        self.problems = problems
        self._asked: list[str] = []

    def wrong(self, key: str, what: str, remedy: str, value: object = "") -> None:
        """Remember a mistake at a key."""
        self.problems.append(Problem(self.file, f"kunci {self.prefix}{key}", str(value), what, remedy))

    def has(self, key: str) -> bool:
        """True when the key is written."""
        return key in self.values

    def has_any(self, *keys: str) -> bool:
        """True when one of the keys is written and not empty."""
        return any(self.values.get(key) for key in keys)

    def get(self, key: str, kind: type[T], default: T) -> T:
        """An optional value; ``default`` when absent or of the wrong type."""
        self._asked.append(key)
        if key not in self.values:
            return default
        value = self.values[key]
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if fits and not (kind is date and isinstance(value, datetime)):
            return value  # type: ignore[no-any-return]
        self.wrong(key, f"harus berupa {_NAMES[kind]}", "Perbaiki nilainya.", value)
        return default

    def need(self, key: str, kind: type[T], default: T) -> T:
        """A required value; texts may not be blank."""
        value = self.get(key, kind, default)
        if key not in self.values:
            self.wrong(key, "belum diisi", "Tambahkan kunci ini.")
        elif isinstance(value, str) and not value.strip() and isinstance(self.values[key], str):
            self.wrong(key, "kosong", "Isi kunci ini.")
        return value

    def choice(self, key: str, choices: Sequence[T], default: T | None = None) -> T:
        """One of some texts; required when there is no default."""
        value = self.need(key, str, "") if default is None else self.get(key, str, str(default))
        if value in choices:
            return value  # type: ignore[return-value]
        if key in self.values and value:
            known = ", ".join(str(choice) for choice in choices)
            self.wrong(key, f"harus salah satu dari: {known}", "Perbaiki nilainya.", value)
        return choices[0] if default is None else default

    def texts(self, key: str) -> tuple[str, ...]:
        """An optional list of texts."""
        self._asked.append(key)
        value = self.values.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.wrong(key, "harus berupa daftar teks", 'Tulis misalnya ["satu", "dua"].', value)
        return ()

    def moment(self, key: str) -> datetime | None:
        """An optional instant with a time zone."""
        self._asked.append(key)
        value = self.values.get(key)
        if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
            return value
        self.wrong(key, "harus berupa waktu dengan zona", "Tulis misalnya 2026-11-24T08:00:00+07:00.", value)
        return None

    def tables(self, key: str, *, single: bool = False) -> "list[Table]":
        """The tables under ``[key]`` or ``[[key]]``; none when absent. ``single`` allows only ``[key]``."""
        self._asked.append(key)
        value = self.values.get(key, [])
        items = [value] if isinstance(value, dict) else value
        shape = "[...]" if single else "[...] atau [[...]]"
        if (
            not isinstance(items, list)
            or not all(isinstance(item, dict) for item in items)
            or (single and isinstance(value, list) and value)
        ):
            self.wrong(key, f"harus berupa bagian {shape}", "Lihat aturan lain sebagai contoh.")
            return []
        names = [
            f"{self.prefix}{key}." if isinstance(value, dict) else f"{self.prefix}{key}[{n}]."
            for n in range(1, len(items) + 1)
        ]
        return [Table(item, self.file, name, self.problems) for item, name in zip(items, names, strict=True)]

    def finish(self) -> None:
        """Report the keys that nobody asked for."""
        for key in self.values:
            if key not in self._asked:
                known = ", ".join(dict.fromkeys(self._asked))
                self.wrong(key, "kunci tidak dikenal", f"Yang dikenal di sini: {known}.")
