"""The figures of ``pantau rules eval``: how well flags and reviews agree with labels."""

import sys
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec

from pantau.checks.labelled_file import LabelledPost
from pantau.core.model import POST_FAMILIES, USEFUL_CATEGORIES, Category, Family, Finding


class FamilyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one family over posts: a post counts once per family."""

    labelled: int = 0
    flagged: int = 0
    flagged_right: int = 0
    reviewed: int = 0
    """Posts with a review and no flag."""
    caught: int = 0
    """Labelled posts with a flag or a review."""

    @property
    def precision(self) -> float | None:
        """Share of flags that were labelled; None without flags."""
        return _share(self.flagged_right, self.flagged)

    @property
    def recall(self) -> float | None:
        """Share of labelled posts that were flagged; None without labels."""
        return _share(self.flagged_right, self.labelled)

    @property
    def recall_with_reviews(self) -> float | None:
        """Share of labelled posts that were flagged or put up for review; None without labels."""
        return _share(self.caught, self.labelled)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that ``pantau rules eval`` prints."""

    posts: int
    families: dict[Family, FamilyFigures]
    total: FamilyFigures
    lengths: dict[str, FamilyFigures] = {}
    """All families together, by length of a post (caption and picture) in words."""
    ordinary_posts: int
    """Posts without label that are not hard."""
    hard_innocent_posts: int
    ordinary_flags: int
    """Ordinary posts with at least one flag."""
    ordinary_reviews: int
    hard_innocent_flags: int
    hard_innocent_reviews: int
    categorised: int
    """Posts with a labelled category."""
    category_right: int
    useful_right: int


LENGTHS_WORDS = (25, 55, 110)
"""Upper bounds of the groups of lengths; the last group has none."""


class _Judged(msgspec.Struct, frozen=True):
    line: LabelledPost
    category: Category
    flags: frozenset[str]
    reviews: frozenset[str]
    words: int


def measure(results: Iterable[tuple[LabelledPost, Category, list[Finding]]]) -> Figures:
    """The figures of checked lines; lines without labels are left out."""
    judged = [_judge(*result) for result in results if result[0].labels is not None]
    families = {family: _family(judged, family) for family in POST_FAMILIES}
    ordinary = [item for item in judged if not item.line.labels and not item.line.hard]
    innocent = [item for item in judged if not item.line.labels and item.line.hard]
    categorised = [item for item in judged if item.line.category is not None]
    return Figures(
        posts=len(judged),
        families=families,
        total=_sum(families.values()),
        lengths=_by_length(judged),
        ordinary_posts=len(ordinary),
        hard_innocent_posts=len(innocent),
        ordinary_flags=sum(bool(item.flags) for item in ordinary),
        ordinary_reviews=sum(bool(item.reviews - item.flags) for item in ordinary),
        hard_innocent_flags=sum(bool(item.flags) for item in innocent),
        hard_innocent_reviews=sum(bool(item.reviews - item.flags) for item in innocent),
        categorised=len(categorised),
        category_right=sum(item.category == item.line.category for item in categorised),
        useful_right=sum(
            (item.category in USEFUL_CATEGORIES) == (item.line.category in USEFUL_CATEGORIES) for item in categorised
        ),
    )


def _by_length(judged: list[_Judged]) -> dict[str, FamilyFigures]:
    bounds = (0, *LENGTHS_WORDS, sys.maxsize)
    groups: dict[str, FamilyFigures] = {}
    for shortest, longest in pairwise(bounds):
        held = [item for item in judged if shortest < max(item.words, 1) <= longest]
        name = f"{shortest + 1}-{longest}" if longest < sys.maxsize else f">{shortest}"
        groups[name] = _sum(_family(held, family) for family in POST_FAMILIES)
    return groups


def _judge(line: LabelledPost, category: Category, findings: list[Finding]) -> _Judged:
    flags = frozenset(finding.family for finding in findings if finding.strength == "flag")
    reviews = frozenset(finding.family for finding in findings if finding.strength == "review")
    return _Judged(line, category, flags, reviews, len(f"{line.text} {line.image_text}".split()))


def _family(judged: list[_Judged], family: Family) -> FamilyFigures:
    labelled = [item for item in judged if family in (item.line.labels or ())]
    flagged = [item for item in judged if family in item.flags]
    return FamilyFigures(
        labelled=len(labelled),
        flagged=len(flagged),
        flagged_right=sum(family in item.flags for item in labelled),
        reviewed=sum(family in item.reviews - item.flags for item in judged),
        caught=sum(family in item.flags | item.reviews for item in labelled),
    )


def _sum(parts: Iterable[FamilyFigures]) -> FamilyFigures:
    rows = [msgspec.structs.asdict(part) for part in parts]
    return FamilyFigures(**{name: sum(row[name] for row in rows) for name in FamilyFigures.__struct_fields__})


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def figures_json(figures: Figures) -> str:
    """The figures with their ratios as JSON; a ratio without base is null."""
    table = msgspec.to_builtins(figures)
    rows: list[tuple[dict[str, Any], FamilyFigures]] = [
        (table["families"][name], row) for name, row in figures.families.items()
    ]
    rows += [(table["lengths"][name], row) for name, row in figures.lengths.items()]
    for target, row in (*rows, (table["total"], figures.total)):
        target |= {"precision": row.precision, "recall": row.recall, "recall_with_reviews": row.recall_with_reviews}
    table |= _rates(figures)
    return msgspec.json.format(msgspec.json.encode(table), indent=2).decode("utf-8")


def _rates(figures: Figures) -> dict[str, float | None]:
    per_100 = {
        "flags_per_100_ordinary": (figures.ordinary_flags, figures.ordinary_posts),
        "reviews_per_100_ordinary": (figures.ordinary_reviews, figures.ordinary_posts),
        "flags_per_100_hard_innocent": (figures.hard_innocent_flags, figures.hard_innocent_posts),
        "reviews_per_100_hard_innocent": (figures.hard_innocent_reviews, figures.hard_innocent_posts),
    }
    rates: dict[str, float | None] = {
        name: 100 * part / whole if whole else None for name, (part, whole) in per_100.items()
    }
    rates["category_accuracy"] = _share(figures.category_right, figures.categorised)
    rates["useful_accuracy"] = _share(figures.useful_right, figures.categorised)
    return rates


def figures_table(figures: Figures) -> str:
    """The figures as a table for a terminal."""
    rows = [f"{'family':<9}{'labels':>7}{'flags':>7}{'precision':>11}{'recall':>8}{'reviews':>9}{'recall+reviews':>16}"]
    by_length = ((f"{name} w", row) for name, row in figures.lengths.items())
    for name, row in (*figures.families.items(), ("all", figures.total), *by_length):
        shares = [_percent(share) for share in (row.precision, row.recall, row.recall_with_reviews)]
        rows.append(
            f"{name:<9}{row.labelled:>7}{row.flagged:>7}{shares[0]:>11}{shares[1]:>8}{row.reviewed:>9}{shares[2]:>16}"
        )
    rates = _rates(figures)
    rows.append("")
    for kind, count in (("ordinary", figures.ordinary_posts), ("hard_innocent", figures.hard_innocent_posts)):
        flags, reviews = rates[f"flags_per_100_{kind}"], rates[f"reviews_per_100_{kind}"]
        title = kind.replace("_", " ")
        rows.append(f"per 100 {title} posts ({count}): {_number(flags)} flags, {_number(reviews)} reviews")
    rows.append(
        f"category ({figures.categorised} posts): {_percent(rates['category_accuracy'])} right, "
        f"useful or not {_percent(rates['useful_accuracy'])}"
    )
    return "\n".join(rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}%"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
