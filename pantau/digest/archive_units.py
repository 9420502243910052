"""Units: the silence ledger of each account, findings with evidence and decisions, and the way to the posts."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property

import msgspec

from pantau.core.model import Observation, Post, UnitKind
from pantau.digest import clean, words
from pantau.digest.archive_chart import Drawing, Ledger, Strip, columns, strip
from pantau.digest.archive_findings import PER_PAGE, Book, FindingView, Told
from pantau.digest.archive_model import ArchiveNight
from pantau.digest.archive_names import KIND_LABELS, Names
from pantau.digest.archive_pages import Pages
from pantau.digest.archive_posts import Posts
from pantau.digest.blocks import Series

_CHART_WEEKS = 26
_ON_FRONT = 10
_DAY_WORDS = {"working": "hari kerja", "calendar": "hari"}


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account with its silence ledger."""

    name: str
    state: str
    tone: str
    lines: tuple[str, ...]
    strip: Strip | None


class UnitRow(msgspec.Struct, frozen=True, kw_only=True):
    """A unit in the list of units."""

    kind: str
    name: str
    link: str
    state: str
    findings: str


class Units:
    """Collects the states of accounts and writes the units' pages."""

    def __init__(self, pages: Pages, names: Names, book: Book) -> None:
        self._pages, self._names, self._book = pages, names, book
        self._ledgers: dict[str, Ledger] = {}
        self._count = 0

    def night(self, night: ArchiveNight) -> None:
        """The states of one more night."""
        for item in night.observations:
            self._ledgers.setdefault(item.account, Ledger()).add(self._count, item)
        self._count += 1

    def write(
        self, days: Sequence[date], posts: Posts, posts_of: Callable[[Collection[str]], Mapping[str, Post]]
    ) -> None:
        """All pages of all units and their list."""
        for code in self._codes():
            self._unit(code, days, posts, posts_of)
        self._pages.write("unit/index.html", "unit-daftar", units=self.rows())

    def rows(self) -> list[tuple[str, list[UnitRow]]]:
        """The list of units by kind."""
        groups: dict[UnitKind, list[UnitRow]] = {}
        for code in self._codes():
            told = self._book.of_unit(code)
            flags = sum(item.finding.strength == "flag" and bool(item.finding.post) for item in told)
            row = UnitRow(
                kind=self._names.units[code].kind,
                name=self._names.unit(code),
                link=f"unit/{self._names.slug(code)}/index.html",
                state=self._summary(code),
                findings=words.number(flags),
            )
            groups.setdefault(self._names.units[code].kind, []).append(row)
        order = list(KIND_LABELS)
        listed = sorted(groups.items(), key=lambda pair: order.index(pair[0]))
        return [(KIND_LABELS[kind], sorted(rows, key=lambda row: row.name.casefold())) for kind, rows in listed]

    def searchable(self) -> Iterator[tuple[str, str]]:
        """Every unit with further words by which it can be found."""
        for code in self._codes():
            yield code, " ".join([code, *map(self._names.account, self._accounts(code))])

    def _codes(self) -> list[str]:
        return sorted(self._names.units)

    def _accounts(self, code: str) -> list[str]:
        return self._by_unit.get(code, [])

    @cached_property
    def _by_unit(self) -> dict[str, list[str]]:
        """Worked out once, when all nights are there."""
        return self._names.accounts_by_unit(self._ledgers)

    def _summary(self, code: str) -> str:
        """The states of the unit's accounts, in a few words."""
        accounts = self._accounts(code)
        if not accounts:
            return "tanpa akun"
        counts: dict[str, int] = {}
        for key in accounts:
            label = _state(self._ledgers.get(key))
            counts[label] = counts.get(label, 0) + 1
        return ", ".join(f"{words.number(count)} {label}" for label, count in sorted(counts.items()))

    def _unit(
        self, code: str, days: Sequence[date], posts: Posts, posts_of: Callable[[Collection[str]], Mapping[str, Post]]
    ) -> None:
        folder = f"unit/{self._names.slug(code)}"
        told = self._book.of_unit(code)
        stored = posts_of({item.finding.post for item in told if item.finding.post}) if told else {}
        views = [self._view(item, stored, posts) for item in told]
        pages = [views[n : n + PER_PAGE] for n in range(0, len(views), PER_PAGE)]
        unit = self._names.units[code]
        for number, page in enumerate(pages, 1):
            self._pages.write(
                f"{folder}/temuan-{number}.html",
                "temuan",
                unit=self._names.unit(code),
                findings=page[::-1],
                page=number,
                pages=len(pages),
                total=words.number(len(views)),
            )
        self._pages.write(
            f"{folder}/index.html",
            "unit",
            unit=self._names.unit(code),
            kind=KIND_LABELS[unit.kind],
            code=clean.line(code, 100),
            parent=self._names.unit(unit.parent) if unit.parent in self._names.units else "",
            parent_slug=self._names.slug(unit.parent) if unit.parent in self._names.units else "",
            accounts=[self._account(key, days) for key in self._accounts(code)],
            findings=[(view, item.place) for view, item in zip(views, told, strict=True)][: -_ON_FRONT - 1 : -1],
            total=words.number(len(views)),
            pages=len(pages),
            months=posts.months.get(code, [])[::-1],
            chart=self._chart(posts.weeks.get(code, {})),
        )

    def _view(self, told: Told, stored: Mapping[str, Post], posts: Posts) -> FindingView:
        post = stored.get(told.finding.post)
        return self._book.view(told, post, posts.links.get(told.finding.post, ""))

    def _account(self, key: str, days: Sequence[date]) -> AccountView:
        ledger = self._ledgers.get(key)
        last = ledger.last if ledger else None
        if ledger is None or last is None:
            return AccountView(
                name=self._names.account(key), state="belum ada catatan", tone="abu", lines=(), strip=None
            )
        return AccountView(
            name=self._names.account(key),
            state=_state(ledger),
            tone={"active": "tenang", "quiet": "sedang", "never_posted": "sedang", "gone": "tinggi"}.get(
                last.state, "abu"
            ),
            lines=tuple(self._lines(ledger, last)),
            strip=strip(ledger, days),
        )

    def _lines(self, ledger: Ledger, last: Observation) -> Iterable[str]:
        if last.last_post_at:
            yield f"Unggahan terakhir yang diketahui: {words.moment(last.last_post_at, self._names.zone)}."
        if last.state in ("active", "quiet", "never_posted") and last.limit_days:
            unit = _DAY_WORDS[last.day_unit]
            yield (
                f"Tanpa kabar {words.number(last.silent_days)} {unit}; batasnya {words.number(last.limit_days)} {unit}"
                f" (norma {words.number(last.norm_days)})."
            )
        if last.excluded:
            yield f"Tidak ikut dihitung: {'; '.join(clean.quoted(item, 120) for item in last.excluded)}."
        if unread := ledger.nights("unread"):
            yield f"Tidak dapat diperiksa pada {words.counted(unread, 'malam')}; malam itu tidak dihitung sebagai diam."

    def _chart(self, weeks: Mapping[date, Sequence[int]]) -> Drawing:
        if len(weeks) < 2:
            return Drawing()
        last = max(weeks)
        first = max(min(weeks), last - timedelta(weeks=_CHART_WEEKS - 1))
        mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
        counts = [weeks.get(day, (0, 0)) for day in mondays]
        useful, other = (sum(count[at] for count in counts) for at in range(2))
        fact = (
            f"{words.counted(useful + other, 'unggahan')} dalam {words.counted(len(mondays), 'pekan')}; "
            f"{words.number(useful)} ({words.percent(useful, useful + other)} %) berisi kinerja, layanan atau edukasi."
        )
        names = ("kinerja, layanan, edukasi", "lainnya")
        series = tuple(Series(name, tuple(count[at] for count in counts)) for at, name in enumerate(names))
        return columns("Unggahan per pekan", "unggahan", mondays, series, fact)


def _state(ledger: Ledger | None) -> str:
    if ledger is None or ledger.last is None:
        return "belum ada catatan"
    return ledger.spans[-1].label
