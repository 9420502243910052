"""Posts in JSON lines: checked for ``pantau rules check``, measured for ``pantau rules eval``."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pantau.checks.catalogue import Catalogue
from pantau.checks.category import categorise
from pantau.checks.engine import Checker, CheckReport
from pantau.checks.evaluate import Figures, figures_json, figures_table, measure
from pantau.checks.labelled_file import LabelledPost, iter_labelled, read_labelled
from pantau.checks.scan import Engine
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Category, Finding, Post, sort_findings

__all__ = [
    "Figures",
    "LabelledPost",
    "check_labelled",
    "check_lines",
    "evaluate",
    "figures_json",
    "figures_table",
    "read_labelled",
]

_CHUNK_LINES = 2_000
Amend = Callable[[list[Post], CheckReport], CheckReport]
"""What may change a report after the rules: a reader."""


def check_lines(
    catalogue: Catalogue, path: Path, engine: Engine = "auto", cache_dir: Path | None = None
) -> Iterator[dict[str, Any]]:
    """What ``pantau rules check`` prints, one dict per line of the file, in order. Raises ``ImportFileError``."""
    checker = Checker(catalogue, engine, cache_dir=cache_dir)
    lines = iter_labelled(path)
    offset = 0
    while chunk := list(islice(lines, _CHUNK_LINES)):
        for line, category, findings in check_labelled(checker, chunk, offset):
            yield {"id": line.id, "category": category, "findings": [_as_dict(finding) for finding in findings]}
        offset += len(chunk)


def check_labelled(
    checker: Checker, lines: Iterable[LabelledPost], offset: int = 0, amend: Amend | None = None
) -> list[tuple[LabelledPost, Category, list[Finding]]]:
    """Category and findings of each line, in order."""
    held = list(lines)
    posts = [line.post(offset + number) for number, line in enumerate(held)]
    found: dict[str, list[Finding]] = {}
    report = checker.check(posts, {})
    for finding in (amend(posts, report) if amend else report).findings:
        found.setdefault(finding.post, []).append(finding)
    return [
        (line, category, sort_findings(found.get(post.key, [])))
        for line, post, category in zip(held, posts, categorise(posts), strict=True)
    ]


def _as_dict(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule_id,
        "family": finding.family,
        "level": finding.level,
        "strength": finding.strength,
        "message": finding.message,
        "evidence": [
            {"field": item.field, "start": item.start, "end": item.end, "quote": item.quote}
            for item in finding.evidence
        ],
    }


def evaluate(catalogue: Catalogue, path: Path, engine: Engine = "auto", amend: Amend | None = None) -> Figures:
    """Measure the catalogue on a labelled file. Raises ``ImportFileError``, also when no line has labels."""
    lines = read_labelled(path)
    labelled = [line for line in lines if line.labels is not None]
    if not labelled:
        what = "tidak ada baris yang berlabel"
        raise ImportFileError([Problem(str(path), "isi", "", what, 'Isi "labels" pada setiap baris, boleh [].')])
    return measure(check_labelled(Checker(catalogue, engine), labelled, amend=amend))
