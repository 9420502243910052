"""Rules: what each looks at, on which basis, and how often it spoke."""

from collections import Counter

import msgspec

from pantau.core.model import FAMILIES
from pantau.digest import clean, words
from pantau.digest.archive_findings import Book
from pantau.digest.archive_model import ArchiveRule, ArchiveWorld
from pantau.digest.archive_names import Names
from pantau.digest.archive_pages import Pages

_LATEST = 20


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in the list of rules."""

    id: str
    link: str
    family: str
    message: str
    findings: str
    status: str


def write_rules(pages: Pages, names: Names, book: Book, world: ArchiveWorld) -> None:
    """A page for every rule of the catalogue, and for those that spoke once and are in it no more; and their list."""
    rules = {rule.id: rule for rule in world.rules}
    for rule_id in book.rule_ids():
        if rule_id not in rules:
            last = book.of_rule(rule_id)[-1].finding
            rules[rule_id] = ArchiveRule(
                id=rule_id,
                family=last.family,
                level=last.level,
                status="tidak ada lagi",
                version=last.rule_version,
                message=last.message,
                basis=last.basis,
            )
    listed = sorted(rules.values(), key=lambda rule: (FAMILIES.index(rule.family), rule.id))
    for rule in listed:
        _write(pages, names, book, rule)
    rows = [
        RuleRow(
            id=clean.line(rule.id),
            link=f"aturan/{names.rule_slug(rule.id)}.html",
            family=words.FAMILY_LABELS[rule.family],
            message=clean.line(rule.message),
            findings=words.number(len(book.of_rule(rule.id))),
            status=rule.status,
        )
        for rule in listed
    ]
    pages.write("aturan/index.html", "aturan-daftar", rules=rows)


def _write(pages: Pages, names: Names, book: Book, rule: ArchiveRule) -> None:
    told = book.of_rule(rule.id)
    flags = sum(item.finding.strength == "flag" for item in told)
    months = Counter(item.first.replace(day=1) for item in told)
    statuses = Counter(book.status(item) for item in told)
    latest = [
        (
            words.day_short(item.first),
            names.unit(item.finding.unit),
            f"unit/{names.slug(item.finding.unit)}/{item.place}",
            book.status(item),
        )
        for item in told[: -_LATEST - 1 : -1]
    ]
    pages.write(
        f"aturan/{names.rule_slug(rule.id)}.html",
        "aturan",
        rule=_shown(rule),
        family=words.FAMILY_LABELS[rule.family],
        level=words.LEVEL_LABELS[rule.level],
        since=words.day_short(rule.since) if rule.since else "",
        until=words.day_short(rule.until) if rule.until else "",
        flags=words.number(flags),
        reviews=words.number(len(told) - flags),
        months=[
            (words.month_year(month), words.number(count)) for month, count in sorted(months.items(), reverse=True)
        ],
        statuses=[(status, words.number(count)) for status, count in sorted(statuses.items())],
        latest=latest,
    )


def _shown(rule: ArchiveRule) -> ArchiveRule:
    """Rules are files of the office, pasted together from anywhere: their words are cleaned as all others are."""
    texts = {name: clean.visible(getattr(rule, name)) for name in ("id", "what", "why", "basis", "message", "status")}
    return msgspec.structs.replace(
        rule,
        **texts,
        false_positives=tuple(clean.visible(text) for text in rule.false_positives),
        cases=tuple((fires, clean.visible(name), clean.visible(text)) for fires, name, text in rule.cases),
    )
