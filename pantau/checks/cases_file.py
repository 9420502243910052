"""Reads ``<rule-id>.cases.toml``: the texts on which a rule must fire and those on which it must stay silent."""

from datetime import date
from pathlib import Path

from pantau.checks.catalogue import Case
from pantau.checks.table import Table, read_toml
from pantau.core.errors import Problem
from pantau.core.ledgers import Situation
from pantau.core.model import UNIT_KINDS, Strength

_STRENGTHS: tuple[Strength, ...] = ("flag", "review")


def read_cases(path: Path, problems: list[Problem]) -> tuple[Case, ...]:
    """The cases of one rule. A rule needs at least one that fires and one that does not."""
    if not path.exists():
        remedy = "Buat berkas ini dengan paling sedikit satu [[fires]] dan satu [[silent]]."
        problems.append(Problem(str(path), "berkas", "", "aturan ini tidak punya contoh", remedy))
        return ()
    values = read_toml(path, problems)
    if values is None:
        return ()
    top = Table(values, str(path), "", problems)
    cases = [_read_case(table, fires=kind == "fires") for kind in ("fires", "silent") for table in top.tables(kind)]
    top.finish()
    for fires, kind in ((True, "fires"), (False, "silent")):
        if not any(case.fires is fires for case in cases):
            top.wrong(kind, "belum ada contoh", f"Tambahkan paling sedikit satu [[{kind}]].")
    names = [case.name for case in cases]
    for name in sorted({name for name in names if names.count(name) > 1}):
        top.wrong("name", "nama contoh dipakai dua kali", "Beri nama yang berbeda.", name)
    return tuple(cases)


def _read_case(table: Table, *, fires: bool) -> Case:
    strength = table.choice("strength", _STRENGTHS, "flag") if table.has("strength") else None
    unit_kind = table.choice("unit_kind", UNIT_KINDS, "opd") if table.has("unit_kind") else ""
    case = Case(
        name=table.need("name", str, ""),
        fires=fires,
        text=table.get("text", str, ""),
        image_text=table.get("image_text", str, ""),
        quote=table.get("quote", str, ""),
        strength=strength,
        posted_at=table.moment("posted_at"),
        unit=table.get("unit", str, ""),
        unit_kind=unit_kind,
        situation=next((_read_situation(inner) for inner in table.tables("situation", single=True)), None),
    )
    table.finish()
    if not case.text and not case.image_text:
        table.wrong("text", "contoh tanpa teks", "Isi text atau image_text.")
    return case


def _read_situation(table: Table) -> Situation:
    situation = Situation(
        start=table.need("start", date, date.min),
        end=table.need("end", date, date.min),
        area_codes=table.texts("area_codes"),
        kind=table.need("kind", str, ""),
        title=table.get("title", str, ""),
    )
    table.finish()
    return situation
