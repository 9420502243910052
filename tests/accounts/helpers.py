from pathlib import Path

import pytest
from openpyxl import Workbook

from pantau.accounts.registry import COLUMNS, Register, read_register
from pantau.core.errors import Problem, RegisterError

HEADER = ",".join(COLUMNS)


def write(tmp_path: Path, *lines: str, name: str = "accounts.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def register(tmp_path: Path, *lines: str, header: str = HEADER) -> Register:
    return read_register(write(tmp_path, header, *lines))


def mistakes(tmp_path: Path, *lines: str, header: str = HEADER, region: str = "") -> tuple[Problem, ...]:
    with pytest.raises(RegisterError) as caught:
        read_register(write(tmp_path, header, *lines), region)
    return caught.value.problems


def workbook(tmp_path: Path, *rows: list[object], name: str = "accounts.xlsx") -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = tmp_path / name
    book.save(path)
    return path
