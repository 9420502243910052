"""Posts by unit and month, and the index of all that can be found."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

import msgspec

from pantau.core.clock import local_day
from pantau.core.model import USEFUL_CATEGORIES, Post
from pantau.digest import clean, words
from pantau.digest.archive_findings import Book, Told
from pantau.digest.archive_model import ArchiveMonth
from pantau.digest.archive_names import Names
from pantau.digest.archive_pages import Pages
from pantau.digest.archive_search import Folding, Hit, Part, snippet
from pantau.digest.blocks import Excerpt

PER_PAGE = 100
PER_PART = 4_000
"""Posts in one file of the index: about 1 MB for the browser to read."""


class PostView(msgspec.Struct, frozen=True, kw_only=True):
    """A post as its page shows it; text is clean but not escaped."""

    anchor: str
    when: str
    account: str
    what: str
    category: str
    excerpts: tuple[Excerpt, ...]
    url: str
    notes: tuple[str, ...]
    findings: tuple[tuple[str, str, str, str], ...]
    """Tone, level, family and place of each finding."""


class MonthRow(msgspec.Struct, frozen=True):
    """A month of a unit: its name, how many posts, and the pages, newest first."""

    name: str
    posts: str
    pages: tuple[str, ...]


class Posts:
    """Writes the pages of posts and remembers counts per week and where the posts of findings stand."""

    def __init__(self, pages: Pages, names: Names, book: Book, fold: Callable[[str], str]) -> None:
        self._pages, self._names, self._book = pages, names, book
        self.folding = Folding(fold)
        self.unit_numbers: dict[str, int] = {}
        """Units that can be found, with their numbers in the index."""
        self.months: dict[str, list[MonthRow]] = {}
        self.weeks: dict[str, dict[date, list[int]]] = {}
        """Per unit and Monday: useful posts, all others."""
        self.links: dict[str, str] = {}
        """Page and anchor of the posts of findings, by ``Post.key``."""
        self._parts: list[tuple[date, int, str, str]] = []
        self.left_out = 0
        """Posts of accounts that no register and no night knows."""

    def month(self, month: ArchiveMonth) -> None:
        """Write the pages and the parts of the index."""
        by_unit: dict[str, list[Post]] = {}
        for post in month.posts:
            code = self._names.unit_of(post.account)
            if code:
                self._names.meet(code)
                by_unit.setdefault(code, []).append(post)
            else:
                self.left_out += 1
        found: dict[str, list[tuple[datetime, Hit, str]]] = {}
        for code in sorted(by_unit):
            hits = self._unit_month(code, by_unit[code], month)
            found.setdefault(self._names.units[code].kind, []).extend(hits)
        kinds = {kind: self._kind_parts(hits) for kind, hits in found.items()}
        self._told_in(month, kinds)
        for label, parts in sorted(kinds.items()):
            for number, part in enumerate(parts, 1):
                name = f"{month.first:%Y-%m}-{number}"
                self._pages.file(f"indeks/{label}-{name}.js", part.data(f"{label}-{name}"))
                self._parts.append((month.first, number, label, name))

    def write_parts(self) -> list[list[str]]:
        """Kind and name of every part, newest first."""
        return [[kind, name] for _, _, kind, name in sorted(self._parts, reverse=True)]

    def number(self, code: str) -> int:
        """The unit's number in the index."""
        return self.unit_numbers.setdefault(code, len(self.unit_numbers))

    def _kind_parts(self, hits: list[tuple[datetime, Hit, str]]) -> list[Part]:
        """Indexes of a month's posts, each newest first; cut from the oldest on, so that full ones stay as they are."""
        hits.sort(key=lambda item: (item[0], item[1].link))
        parts = []
        for start in range(0, len(hits), PER_PART):
            part = Part(self.folding)
            for _, hit, text in reversed(hits[start : start + PER_PART]):
                part.add(hit, text)
            parts.append(part)
        return parts

    def _unit_month(self, code: str, posts: Sequence[Post], month: ArchiveMonth) -> Iterator[tuple[datetime, Hit, str]]:
        """Write the pages of one unit's month, then give what is to be found: time, hit and words of every post."""
        stem = f"{month.first:%Y-%m}"
        source = iter(posts)
        files = []
        views: list[tuple[PostView, str]] = []
        chunks: list[tuple[str, list[PostView]]] = []
        while chunk := list(islice(source, PER_PAGE)):
            file = f"{stem}.html" if not chunks else f"{stem}-{len(chunks) + 1}.html"
            shown = [self._view(post, month, code, file) for post in reversed(chunk)]
            chunks.append((file, shown))
            views += [(view, file) for view in reversed(shown)]
            files.append(file)
        name = words.month_year(month.first)
        for number, (file, shown) in enumerate(chunks):
            self._pages.write(
                f"unit/{self._names.slug(code)}/{file}",
                "unggahan",
                unit=self._names.unit(code),
                month=name,
                posts=shown,
                page=number + 1,
                files=files,
                total=words.number(len(posts)),
            )
        self.months.setdefault(code, []).append(MonthRow(name, words.number(len(posts)), tuple(reversed(files))))
        for post, (view, file) in zip(posts, views, strict=True):
            text = "\n".join(piece.text for excerpt in view.excerpts for piece in excerpt.pieces)
            hit = Hit(self.number(code), f"{file}#{view.anchor}", view.when, view.account, snippet(text))
            labels = " ".join((view.account, view.category, *(mark[2] for mark in view.findings)))
            yield post.published_at, hit, f"{text}\n{labels}"

    def _view(self, post: Post, month: ArchiveMonth, code: str, file: str) -> PostView:
        told = self._book.of_post(post.key)
        category = month.categories.get(post.key)
        anchor = f"p-{hashlib.sha256(post.key.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
        day = local_day(post.published_at, self._names.zone)
        week = self.weeks.setdefault(code, {}).setdefault(day - timedelta(days=day.weekday()), [0, 0])
        week[0 if category in USEFUL_CATEGORIES else 1] += 1
        if told:
            self.links[post.key] = f"{file}#{anchor}"
        notes = []
        if post.edited_from:
            notes.append("Teks ini pernah disunting; yang tampak adalah yang terakhir terbaca.")
        if gone := month.gone.get(post.key):
            notes.append(f"Tidak tampak lagi sejak {words.moment(gone, self._names.zone)}; salinannya tersimpan.")
        return PostView(
            anchor=anchor,
            when=words.moment(post.published_at, self._names.zone),
            account=self._names.account(post.account),
            what=words.post_kind(post),
            category=words.CATEGORY_LABELS[category] if category else "",
            excerpts=self._names.shower.post(post, [item.finding for item in told]),
            url=clean.url(post.url),
            notes=tuple(notes),
            findings=tuple(map(_mark, told)),
        )

    def _told_in(self, month: ArchiveMonth, kinds: dict[str, list[Part]]) -> None:
        """Findings first told in this month can be found by code and by words."""
        for told in reversed(self._book.told_in(month.first)):
            finding = told.finding
            parts = kinds.setdefault(self._names.units[finding.unit].kind, [Part(self.folding)])
            labels = f"{words.LEVEL_LABELS[finding.level]} {words.FAMILY_LABELS[finding.family]}"
            message = self._names.shower.words(finding.message, 200, personal=finding.family == "DPR")
            hit = Hit(self.number(finding.unit), told.place, words.day_short(told.first), labels, snippet(message))
            parts[-1].add(hit, f"{finding.key} {finding.rule_id} {labels} {message} temuan")


def _mark(told: Told) -> tuple[str, str, str, str]:
    finding = told.finding
    level = words.LEVEL_LABELS[finding.level] if finding.strength == "flag" else "untuk dilihat"
    return finding.level, level, words.FAMILY_LABELS[finding.family], told.place
