"""Reads and validates the catalogue: rules, word lists and cases, all mistakes of all files at once."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec

from pantau.checks.cache import cached, content_key
from pantau.checks.cases_file import read_cases
from pantau.checks.catalogue import KINDS, TEXT_FIELDS, Catalogue, Context, Rule, WordSet
from pantau.checks.kinds.script import SCRIPTS
from pantau.checks.linear import problem_of
from pantau.checks.personal import VALIDATORS
from pantau.checks.table import Table, read_toml
from pantau.checks.words import parse_entry, read_list, read_slang
from pantau.core.errors import Problem, RuleError
from pantau.core.model import FAMILIES, LEVELS, POST_FAMILIES, RuleStatus, Strength

__all__ = ["Catalogue", "load_catalogue", "load_rule_file"]

_STATUSES: tuple[RuleStatus, ...] = get_args(RuleStatus)
_STRENGTHS: tuple[Strength, ...] = ("flag", "review")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = "1"
"""Changes whenever the same files may be read as something else."""
_PLACES, _SLANG = "place-names", "slang"
_UNPARSED = ("history", "ledger", "reader")


class _Parsed(msgspec.Struct):
    """All that the files say, as it is kept between runs."""

    rules: list[Rule]
    lists: dict[str, tuple[str, ...]]
    slang: dict[str, str]


def load_catalogue(
    dirs: Sequence[Path], status: Mapping[str, RuleStatus], on: date, cache_dir: Path | None = None
) -> Catalogue:
    """The catalogue in ``dirs``: the shipped folder first, then the office's own.

    ``status`` switches rules by id, ``on`` is the day for which seasons are judged. What was read and found sound is kept in
    ``cache_dir``, by content, for the next time. Raises ``RuleError``.
    """
    files = [path for folder in dirs for path in sorted([*folder.rglob("*.toml"), *(folder / "words").glob("*.txt")])]
    key = content_key(_VERSION, [str(folder) for folder in dirs], [(str(path), _digest(path)) for path in files])
    parsed = cached(cache_dir, "rules", key, _Parsed, lambda: _parse(dirs))
    known = {rule.id for rule in parsed.rules}
    remedy = "Lihat: pantau rules list."
    unknown = [
        Problem("pantau.toml", "kunci rules.status", rule_id, "tidak ada aturan dengan id ini", remedy)
        for rule_id in status
        if rule_id not in known
    ]
    if unknown:
        raise RuleError(unknown)
    switched = [msgspec.structs.replace(rule, status=status.get(rule.id, rule.status)) for rule in parsed.rules]
    return Catalogue(rules=tuple(switched), lists=parsed.lists, slang=parsed.slang, on=on)


def load_rule_file(path: Path, dirs: Sequence[Path], on: date) -> Catalogue:
    """One rule from a file that may lie anywhere, as a catalogue of its own; its cases lie beside it.

    The word lists of ``dirs`` are known to it, and those of a folder ``words`` beside the file. Raises ``RuleError``.
    """
    problems: list[Problem] = []
    lists = _Lists([*dirs, path.parent], problems)
    rule = _read_rule(path, lists, problems, own=True)
    if _PLACES in lists.paths:
        lists.entries(_PLACES)
    slang = read_slang(lists.paths[_SLANG], problems) if _SLANG in lists.paths else {}
    if rule is None or problems:
        raise RuleError(problems)
    return Catalogue(rules=(rule,), lists=lists.read, slang=slang, on=on)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _parse(dirs: Sequence[Path]) -> _Parsed:
    """Read all files. Raises ``RuleError`` with every problem of every file."""
    problems: list[Problem] = []
    lists = _Lists(dirs, problems)
    rules: dict[str, tuple[Rule, str]] = {}
    classifiers: dict[str, str] = {}
    for folder in dirs:
        for path in sorted(folder.rglob("*.toml")):
            if path.name.endswith(".cases.toml") or path.parent.name == "words":
                continue
            rule = _read_rule(path, lists, problems, own=folder != dirs[0])
            if rule is None:
                continue
            if rule.id in rules:
                what = f"id ini sudah dipakai oleh {rules[rule.id][1]}"
                problems.append(Problem(str(path), "kunci id", rule.id, what, "Beri nama lain."))
            twin = classifiers.setdefault(rule.family, rule.id) if rule.kind == "classifier" else rule.id
            if twin != rule.id:
                what = f"keluarga {rule.family} sudah punya classifier: {twin}"
                problems.append(Problem(str(path), "kunci kind", rule.kind, what, f"Atur {twin} lewat [rules.status]."))
            rules[rule.id] = (rule, str(path))
    if _PLACES in lists.paths:
        lists.entries(_PLACES)
    slang = read_slang(lists.paths[_SLANG], problems) if _SLANG in lists.paths else {}
    if not rules and not problems:
        where = ", ".join(map(str, dirs)) or "-"
        problems.append(Problem(where, "folder", "", "tidak ada satu pun aturan di sini", "Periksa pemasangan Pantau."))
    if problems:
        raise RuleError(problems)
    return _Parsed([rule for _, (rule, _) in sorted(rules.items())], lists.read, slang)


class _Lists:
    """The shared word lists, each read once. A list of the office replaces a shipped one of the same name."""

    def __init__(self, dirs: Sequence[Path], problems: list[Problem]) -> None:
        self.paths = {path.stem: path for folder in dirs for path in sorted((folder / "words").glob("*.txt"))}
        self._problems = problems
        self.read: dict[str, tuple[str, ...]] = {}

    def entries(self, name: str) -> tuple[str, ...]:
        """The entries of a list that exists."""
        if name not in self.read:
            self.read[name] = read_list(self.paths[name], self._problems)
        return self.read[name]


def _read_rule(path: Path, lists: _Lists, problems: list[Problem], *, own: bool) -> Rule | None:
    values = read_toml(path, problems)
    if values is None:
        return None
    top = Table(values, str(path), "", problems)
    kind = top.choice("kind", KINDS)
    rule_id = top.need("id", str, path.stem)
    if not _ID.fullmatch(rule_id) or rule_id != path.stem:
        top.wrong("id", "harus sama dengan nama berkas, huruf kecil dan tanda hubung", "Samakan keduanya.", rule_id)
    cases_path = path.with_name(f"{path.stem}.cases.toml")
    cases = read_cases(cases_path, problems) if kind not in _UNPARSED or cases_path.exists() else ()
    rule = Rule(
        id=path.stem,
        family=top.choice("family", FAMILIES),
        kind=kind,
        level=top.choice("level", LEVELS),
        status=top.choice("status", _STATUSES),
        version=top.need("version", int, 1),
        what=top.need("what", str, ""),
        why=top.need("why", str, ""),
        basis=top.need("basis", str, ""),
        since=top.need("since", date, date.min),
        until=top.get("until", date, date.max) if top.has("until") else None,
        message=top.need("message", str, ""),
        false_positives=top.texts("false_positives"),
        mask=top.get("mask", bool, False),
        strength=top.choice("strength", _STRENGTHS, "flag"),
        cases=cases,
        own=own,
    )
    if not top.has("false_positives"):
        top.wrong("false_positives", "belum diisi", "Tambahkan daftar salah tangkap yang diketahui, boleh [].")
    if rule.until is not None and rule.until < rule.since:
        top.wrong("until", "lebih awal daripada since", "Perbaiki tanggalnya.", rule.until)
    changes = _read_kind(top, rule, lists)
    top.finish()
    return msgspec.structs.replace(rule, **changes)


def _read_kind(top: Table, rule: Rule, lists: _Lists) -> dict[str, Any]:
    """The fields of a rule that depend on its kind."""
    if rule.kind in _UNPARSED:
        tables = top.tables(rule.kind, single=True)
        if not tables:
            top.wrong(rule.kind, "bagian ini belum ada", f"Tambahkan [{rule.kind}].")
        values = tables[0].values if tables else {}
        for key, value in values.items():
            if not isinstance(value, str | int | float):
                tables[0].wrong(key, "harus berupa teks, bilangan, atau true/false", "Perbaiki nilainya.", value)
        return {"params": values}
    match = next(iter(top.tables("match", single=True)), None)
    if match is None:
        if not top.has("match"):
            top.wrong("match", "bagian ini belum ada", "Tambahkan [match].")
        match = Table({}, top.file, "match.", [])
    changes: dict[str, Any] = {
        "require": tuple(_read_context(table, lists) for table in top.tables("require")),
        "cancel": tuple(_read_context(table, lists) for table in top.tables("cancel")),
        "excepts": _words(match, lists, "except", "except_lists", "")
        if match.has_any("except", "except_lists")
        else WordSet(match.texts("except"), (), match.texts("except_lists")),
        "fields": tuple(TEXT_FIELDS[n] for n, name in enumerate(TEXT_FIELDS) if name in match.texts("fields"))
        or TEXT_FIELDS,
    }
    for name in match.texts("fields"):
        if name not in TEXT_FIELDS:
            match.wrong("fields", f"harus di antara: {', '.join(TEXT_FIELDS)}", "Perbaiki nilainya.", name)
    if rule.kind == "pattern":
        changes |= _read_patterns(match)
    elif rule.kind == "near":
        changes |= {"within_words": match.need("within_words", int, 1), "ordered": match.get("ordered", bool, False)}
        changes["sets"] = _read_sides(top, lists)
        if changes["within_words"] < 1:
            match.wrong("within_words", "harus paling sedikit 1", "Perbaiki nilainya.", changes["within_words"])
    elif rule.kind == "classifier":
        changes["sets"] = (_words(match, lists),)
        if rule.family not in POST_FAMILIES:
            top.wrong(
                "family", f"untuk classifier harus di antara: {', '.join(POST_FAMILIES)}", "Perbaiki.", rule.family
            )
        if changes["require"] or changes["cancel"]:
            top.wrong("require/cancel", "tidak berlaku untuk classifier", "Hapus bagian itu.")
    elif rule.kind == "script":
        changes["params"] = _read_script(match)
    else:
        changes["sets"] = (_words(match, lists),)
    if rule.kind == "situation":
        changes["situations"] = match.texts("situations")
        if not changes["situations"]:
            match.wrong("situations", "belum diisi", 'Tulis jenis keadaan, misalnya ["banjir", "duka"].')
    match.finish()
    return changes


def _read_sides(top: Table, lists: _Lists) -> tuple[WordSet, ...]:
    """The sets ``[a]``, ``[b]`` and perhaps ``[c]`` of a ``near`` rule."""
    sets: list[WordSet] = []
    for name in ("a", "b", "c"):
        for table in top.tables(name, single=True):
            sets.append(_words(table, lists))
            table.finish()
        if name != "c" and not top.has(name):
            top.wrong(name, "bagian ini belum ada", f"Tambahkan [{name}].")
    return tuple(sets)


def _read_patterns(match: Table) -> dict[str, Any]:
    patterns = match.texts("patterns")
    if not patterns:
        match.wrong("patterns", "tidak ada pola", "Isi patterns.")
    for number, pattern in enumerate(patterns, 1):
        why = problem_of(pattern)
        if why:
            match.wrong(f"patterns[{number}]", why, "Sederhanakan polanya; lihat docs/rules.md.", pattern)
    validate = match.get("validate", str, "")
    if validate and validate not in VALIDATORS:
        match.wrong(
            "validate", f"harus salah satu dari: {', '.join(sorted(VALIDATORS))}", "Perbaiki nilainya.", validate
        )
    return {"patterns": patterns, "validate": validate}


def _read_script(match: Table) -> dict[str, Any]:
    scripts = match.texts("scripts")
    if not scripts or not set(scripts) <= SCRIPTS.keys():
        known = ", ".join(SCRIPTS)
        match.wrong("scripts", f"harus di antara: {known}", "Tulis satu atau beberapa.", ", ".join(scripts))
    letters, share = match.need("least_letters", int, 1), match.need("share", float, 0.5)
    if letters < 1 or not 0 < share <= 1:
        match.wrong("share", "least_letters paling sedikit 1, share antara 0 dan 1", "Perbaiki nilainya.", share)
    return {"scripts": " ".join(scripts), "least_letters": letters, "share": share}


def _read_context(table: Table, lists: _Lists) -> Context:
    within = table.get("within_words", int, 0)
    if within < 0:
        table.wrong("within_words", "tidak boleh negatif", "0 berarti di mana saja dalam unggahan.", within)
    words = _words(table, lists)
    table.finish()
    return Context(words, within)


def _words(table: Table, lists: _Lists, words: str = "words", named: str = "lists", exact: str = "exact") -> WordSet:
    """The phrases that a table names, checked; there must be some."""
    entries = {key: table.texts(key) if key else () for key in (words, exact)}
    for key, texts in entries.items():
        for entry in texts:
            try:
                parse_entry(entry)
            except ValueError as error:
                table.wrong(key, str(error), "Perbaiki tanda { | }.", entry)
    names = table.texts(named)
    for name in names:
        if name not in lists.paths:
            table.wrong(named, "daftar kata tidak ada", f"Buat rules/words/{name}.txt atau perbaiki namanya.", name)
        elif not lists.entries(name):
            table.wrong(named, "daftar kata kosong", f"Isi {name}.txt.", name)
    if not table.has_any(words, named, exact):
        table.wrong(words, "tidak ada kata yang dicari", f"Isi {words}, {named} atau {exact}.")
    return WordSet(entries[words], entries[exact], names)
