"""Targets: what the office writes (register, side files, workbooks, settings, rules, labelled posts), and pictures."""

import io
import os
import zipfile
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from pantau.accounts.ledgers import read_approvals, read_excuses, read_situations, read_trips
from pantau.accounts.registry import read_register
from pantau.checks.engine import Checker
from pantau.checks.labelled_file import read_labelled
from pantau.checks.load import load_rule_file
from pantau.checks.picture_file import FORMATS, MAX_PIXELS, open_picture
from pantau.core.errors import ImportFileError, PictureError, RegisterError, RuleError, SettingsError
from pantau.core.settings_file import load_settings
from tests.checks.material import post
from tests.fuzz.exports import scratch
from tests.fuzz.mutations import BYTES, LINES, PARTS
from tests.fuzz.posts import refused_in_words, refused_with
from tests.fuzz.target import ROOT, Target

_TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06" + bytes(6)
"""Metadata that says: turn me by 90 degrees."""
_RULES = ROOT / "tests" / "fixtures" / "rules"
_BREAK = "\n# ==== cases\n"


def _file(name: str, text: str) -> Path:
    path = scratch(os.getpid()) / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def check_register(text: str) -> bool:
    """A register: units and accounts that fit each other, or every mistake in words."""
    try:
        found = read_register(_file("accounts.csv", text))
    except RegisterError as error:
        return refused_in_words(error)
    codes = [unit.code for unit in found.units]
    assert len(set(codes)) == len(codes), "a unit twice"
    assert all(account.unit in codes for account in found.accounts), "an account of no unit"
    assert len({account.key for account in found.accounts}) == len(found.accounts), "an account twice"
    return True


def check_ledgers(text: str) -> bool:
    """The same text as each of the four side files."""
    path = _file("ledger.csv", text)
    took = False
    for read in (read_approvals, read_trips, read_situations, read_excuses):
        try:
            took = bool(read(path)) or took
        except RegisterError as error:
            refused_in_words(error)
    return took


_LEDGERS = (
    "unit_code,platform,planned_at,url_or_caption,approved_by,approved_at\n"
    'OPD-01,ig,10/09/2025 14:30,"Panen raya, desa",Camat,10 September 2025 pukul 14.30 WIB\n',
    "unit_code;traveller;destination;country;start;end;reported_at;permit_no\nOPD-01;Camat;Tokyo;Jepang;2025-09-10;12/09/2025;;X/1\n",
    "start,end,area_codes,kind,title\n2025-09-10,2025-09-20,33.16.01 33.16.02,banjir,Banjir Cepu\n",
    "unit_code,start,end,reason\nOPD-01,1 Okt 2025,31-10-2025,operator cuti\n",
)


def _registers() -> list[str]:
    whole = (ROOT / "accounts.example.csv").read_text("utf-8").splitlines()
    return ["\n".join([whole[0], *whole[start : start + 6]]) for start in (1, 9, 25)]


@cache
def _workbooks() -> list[dict[str, str]]:
    """Two workbooks as their parts: one that is read, and one with every kind of cell."""
    from openpyxl import Workbook  # type: ignore[import-untyped]

    odd = ["OPD-9", "Dinas", "opd", None, "x", "a_b", 12345678901, date(2025, 1, 1), 3.0, True, None, "=1+1"]
    found = []
    for rows in ([], [odd]):
        book, file = Workbook(), io.BytesIO()
        for row in [*(line.split(",") for line in _registers()[0].splitlines()), *rows]:
            book.active.append(row)
        book.create_sheet("catatan")
        book.save(file)
        with zipfile.ZipFile(file) as packed:
            found.append({name: packed.read(name).decode("utf-8") for name in packed.namelist()})
    return found


def check_workbook(value: Any) -> bool:
    """A workbook whose parts are the input: name and text of each."""
    if not isinstance(value, dict):
        return False
    path = scratch(os.getpid()) / "accounts.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in value.items():
            if name and isinstance(text, str):
                packed.writestr(zipfile.ZipInfo(name.replace("\0", "0")), text.encode("utf-8", "replace"))
    try:
        read_register(path)
    except RegisterError as error:
        return refused_in_words(error)
    return True


def check_settings(text: str) -> bool:
    """A settings file."""
    try:
        load_settings(_file("pantau.toml", text))
    except SettingsError as error:
        return refused_in_words(error)
    return True


def _settings() -> list[str]:
    """The example section by section, so that one change is not lost among two hundred lines."""
    lines = (ROOT / "pantau.example.toml").read_text("utf-8").splitlines()
    lines = [line.removeprefix("# ") if line.startswith(("# [", "# #")) else line for line in lines]
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("["):
            sections.append([])
        if line.strip() and not line.startswith("#"):
            sections[-1].append(line)
    pairs = zip(sections, [*sections[1:], []], strict=True)
    return ["\n".join(part + following) for part, following in pairs if part]


def check_rule(text: str) -> bool:
    """A rule and its cases; one that is let in judges a post without failing."""
    rule, _, cases = text.partition(_BREAK)
    path = _file("try-me.toml", rule)
    _file("try-me.cases.toml", cases)
    try:
        catalogue = load_rule_file(path, [_RULES], date(2026, 6, 1))
    except RuleError as error:
        return refused_in_words(error)
    report = Checker(catalogue).check([post(1, "Dasar goblok, kami pesta mereka. NIK 3349014507680003 contoh.")], {})
    assert not report.failures, f"a rule that was let in fails: {report.failures}"
    return True


def _rules() -> list[str]:
    found = []
    for path in sorted(_RULES.rglob("*.cases.toml")):
        rule = path.with_name(path.name.replace(".cases", ""))
        found.append(
            rule.read_text("utf-8").replace(f'id = "{rule.stem}"', 'id = "try-me"') + _BREAK + path.read_text("utf-8")
        )
    return found


def check_labelled(text: str) -> bool:
    """Lines for ``pantau rules check``."""
    try:
        rows = read_labelled(_file("labelled.jsonl", text))
    except ImportFileError as error:
        return refused_in_words(error)
    for number, row in enumerate(rows):
        made = row.post(number)
        assert made.published_at.utcoffset() is not None, "not aware"
        made.text.encode("utf-8")
    return bool(rows)


def _labelled() -> list[str]:
    return (ROOT / "tests" / "fixtures" / "labelled.jsonl").read_text("utf-8").splitlines()[:6]


def check_picture(data: bytes) -> bool:
    """A picture within its limits, or a reason in words."""
    try:
        found = open_picture(data, 64)
    except PictureError as error:
        return refused_with(str(error))
    assert found.image.mode == "RGB"
    assert max(found.image.size) <= 64, "larger than asked for"
    assert found.width * found.height <= MAX_PIXELS, "beyond the limit"
    return True


@cache
def _pictures() -> tuple[bytes, ...]:
    made = []
    for form in FORMATS:
        for mode in ("RGB", "L", "P", "RGBA", "I;16"):
            image = Image.new(mode, (40, 30))
            if mode in ("RGB", "L"):
                ImageDraw.Draw(image).text((2, 2), "abc", fill="white")
            file = io.BytesIO()
            try:
                image.save(
                    file,
                    form,
                    exif=_TURNED,
                )
            except (OSError, ValueError, KeyError):
                continue  # this form has no such mode
            made.append(file.getvalue())
    frames = [Image.new("L", (40, 30), shade) for shade in (0, 99)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return (*made, file.getvalue())


TARGETS = (
    Target("register", LINES, _registers, check_register, 300_000),
    Target("ledgers", LINES, lambda: _LEDGERS, check_ledgers, 300_000),
    Target("workbook", PARTS, _workbooks, check_workbook, 20_000),
    Target("settings", LINES, _settings, check_settings, 300_000),
    Target("rules", LINES, _rules, check_rule, 50_000),
    Target("labelled", LINES, _labelled, check_labelled, 300_000),
    Target("pictures", BYTES, _pictures, check_picture, 200_000),
)
