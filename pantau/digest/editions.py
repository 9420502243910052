"""Other views of one night: the part of a single unit, and the Regent's one screen.

Nothing is counted anew. A unit's part is the same digest built from that unit's share of the same input; the Regent's numbers
are those of the staff digest.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec

from pantau.core.model import AccountState, Finding, Post, Unit, UnitKind
from pantau.digest import clean, words
from pantau.digest.blocks import Card, Example, Tile, Tone
from pantau.digest.build import build
from pantau.digest.context import NOT_SEEN, Context
from pantau.digest.corrected import posts_in_time
from pantau.digest.model import Digest, DigestInput

T = TypeVar("T")
POSTS_SHOWN = 30
WORST_SHOWN = 3
_POST_CHARS = 140
_LINE_CHARS = 120
_MOST_UNREAD = 0.5
TIERS: tuple[tuple[str, tuple[UnitKind, ...]], ...] = (
    ("Perangkat daerah", ("opd",)),
    ("Kecamatan", ("kecamatan",)),
    ("Desa dan kelurahan", ("desa", "kelurahan")),
    ("Layanan, sekolah, BUMD, pejabat", ("rsud", "puskesmas", "sekolah", "bumd", "pejabat")),
)
"""The tiers by which the Regent and the periods compare."""
_TONES: dict[str, Tone] = {"active": "tenang", "quiet": "sedang", "never_posted": "sedang", "gone": "tinggi"}


class PostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One post of tonight."""

    account: str
    when: str
    category: str
    text: str
    url: str
    mark: str
    """``perlu dicek`` or ``untuk dilihat`` when something was found about it, else empty."""


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account of the unit and its state tonight."""

    account: str
    state: str
    note: str
    tone: Tone


class UnitEdition(msgspec.Struct, frozen=True, kw_only=True):
    """A night as one unit's head sees it. Holds nothing of any other unit."""

    code: str
    unit: str
    subject: str
    headline: str
    ask: str
    """What is wanted of the unit, one sentence."""
    digest: Digest
    """The night's digest, built from this unit's share of the input alone."""
    accounts: tuple[AccountRow, ...]
    posts: tuple[PostRow, ...]
    hidden_posts: int
    calm: bool
    """Nothing found, decided or changed, and every account in order."""
    needed: bool
    """Something was flagged, decided or corrected tonight, or an account changed for the worse."""


class WorstLine(msgspec.Struct, frozen=True, kw_only=True):
    """A finding in one line."""

    level: str
    tone: Tone
    text: str
    url: str


class TierRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many accounts of a tier are active, out of those whose state is known tonight."""

    label: str
    active: str
    percent: int
    note: str


class RegentEdition(msgspec.Struct, frozen=True, kw_only=True):
    """A night on one screen."""

    run_id: str
    subject: str
    headline: str
    change: str
    heading: str
    day: str
    office_name: str
    tiles: tuple[Tile, ...]
    worst: tuple[WorstLine, ...]
    more: str
    corrected: str
    """How many posts were corrected in time."""
    tiers: tuple[TierRow, ...]
    example: Example | None
    warning: str
    closing: str


class Units:
    """Every unit's share of one night's input, sorted out once."""

    def __init__(self, data: DigestInput) -> None:
        self._data = data
        self._ctx = ctx = Context(data)
        owner = {key: account.unit for key, account in ctx.accounts.items()}
        self._owner = owner
        self._accounts = _by(data.accounts, lambda item: item.unit)
        self._observations = _by(data.observations, lambda item: item.unit)
        self._before = _by(data.previous_observations, lambda item: item.unit)
        self._findings = _by(data.findings, lambda item: item.unit)
        self._earlier = _by(data.earlier, lambda item: item.finding.unit)
        self._decisions = _by(data.decisions, lambda item: item.finding.unit if item.finding else "")
        self._posts = _by(data.posts.values(), lambda item: owner.get(ctx.resolve(item.account), ""))
        self._corrected = _by(data.corrected, lambda item: item.finding.unit)
        self._vanished = _by(data.vanished, lambda item: owner.get(ctx.resolve(item.post.account), ""))
        self._down = self._platforms_down()

    def _platforms_down(self) -> frozenset[str]:
        """Platforms of which most accounts were not read: an outage is ours, and no reason to write to heads."""
        seen: Counter[str] = Counter()
        unread: Counter[str] = Counter()
        for key, account in self._ctx.accounts.items():
            if self._ctx.bucket(key) not in ("unwatched", "waiting", "excused"):
                seen[account.platform] += 1
                unread[account.platform] += self._ctx.bucket(key) == "unread"
        return frozenset(name for name, count in seen.items() if count > 1 and unread[name] > _MOST_UNREAD * count)

    def share(self, code: str) -> DigestInput:
        """The input of one unit alone. Its name already holds its district's, where names repeat."""
        data, unit = self._data, self._ctx.units[code]
        alone = msgspec.structs.replace(unit, name=self._ctx.unit_name(code), parent="")
        posts = {post.key: post for post in self._posts.get(code, ())}
        findings = self._findings.get(code, [])
        earlier = self._earlier.get(code, [])
        keys = {finding.key for finding in (*findings, *(item.finding for item in earlier))}
        fresh = data.fresh & posts.keys()
        reply = data.reply and msgspec.structs.replace(data.reply, actions=("answer",))
        return msgspec.structs.replace(
            data,
            units=(alone,),
            readers=(),
            reply=reply,
            accounts=tuple(self._accounts.get(code, ())),
            observations=tuple(self._observations.get(code, ())),
            previous_observations=tuple(self._before.get(code, ())),
            last_read_at={key: at for key, at in data.last_read_at.items() if self._owner.get(key) == code},
            findings=tuple(findings),
            earlier=tuple(earlier),
            posts=posts,
            fresh=fresh,
            posts_read=len(fresh),
            categories={key: data.categories[key] for key in posts if key in data.categories},
            decisions=tuple(self._decisions.get(code, ())),
            answers={key: text for key, text in data.answers.items() if key in keys},
            vanished=tuple(self._vanished.get(code, ())),
            corrected=tuple(self._corrected.get(code, ())),
            corrections={key: item for key, item in data.corrections.items() if key in keys},
            absent={key: item for key, item in data.absent.items() if key in posts},
            versions={key: item for key, item in data.versions.items() if key in posts},
            thumbnails={key: item for key, item in data.thumbnails.items() if key in posts},
            reused={
                key: tuple(item for item in items if self._owner.get(self._ctx.resolve(item.earlier.account)) == code)
                for key, items in data.reused.items()
                if key in posts
            },
            # What concerns the whole office, not this unit.
            letters=(),
            mailbox_down=None,
            rule_failures=(),
            trial_hits={},
            demoted=(),
            costs=(),
            month_costs=(),
            token_warnings=(),
            notes=(),
            trend=(),
            undelivered=(),
            previous_window_end=None,
        )

    def of(self, code: str) -> UnitEdition:
        """The edition of a registered unit. Raises ``KeyError`` for a code that is not in the register."""
        data = self.share(code)
        ctx, digest = Context(data), build(data)
        name = clean.line(data.units[0].name)
        marks = _marks(data.findings)
        rows = [_post_row(ctx, data.posts[key], marks.get(key, "")) for key in _newest_first(data)]
        accounts = tuple(_account_row(ctx, key) for key in sorted(ctx.accounts, key=ctx.account_name))
        worse = _worse(ctx, self._down)
        fresh = any(card.is_new for card in digest.flags.cards)
        counts = digest.counts
        calm = not any((counts.flags, counts.reviews, counts.open, counts.inactive, counts.gone, counts.private))
        return UnitEdition(
            code=code,
            unit=name,
            subject=_unit_subject(digest, name),
            headline=_unit_headline(digest, name),
            ask=_ask(digest),
            digest=msgspec.structs.replace(digest, edition=f"unit:{code}"),
            accounts=accounts,
            posts=tuple(rows[:POSTS_SHOWN]),
            hidden_posts=max(0, len(rows) - POSTS_SHOWN),
            calm=calm and not any((counts.unread, digest.decisions.entries, digest.corrected.entries)),
            needed=bool(fresh or digest.decisions.entries or digest.corrected.entries or worse),
        )


def _by(items: Iterable[T], unit_of: Callable[[T], str]) -> Mapping[str, list[T]]:
    groups: defaultdict[str, list[T]] = defaultdict(list)
    for item in items:
        groups[unit_of(item)].append(item)
    return groups


def _marks(findings: Iterable[Finding]) -> dict[str, str]:
    marks: dict[str, str] = {}
    for finding in findings:
        if finding.post and marks.get(finding.post) != "perlu dicek":
            marks[finding.post] = "perlu dicek" if finding.strength == "flag" else "untuk dilihat"
    return marks


def _newest_first(data: DigestInput) -> list[str]:
    return sorted(data.fresh, key=lambda key: (data.posts[key].published_at, key), reverse=True)


def _post_row(ctx: Context, post: Post, mark: str) -> PostRow:
    category = ctx.data.categories.get(post.key)
    personal = any(finding.post == post.key and finding.family == "DPR" for finding in ctx.data.findings)
    text = clean.quoted(post.text or post.image_text, _POST_CHARS, personal=personal)
    return PostRow(
        account=ctx.account_name(post.account),
        when=ctx.moment(post.published_at),
        category=words.CATEGORY_LABELS[category] if category else "tidak digolongkan",
        text=text or "(tanpa teks)",
        url=clean.url(post.url),
        mark=mark,
    )


def _account_row(ctx: Context, key: str) -> AccountRow:
    bucket, item = ctx.bucket(key), ctx.states[key]
    labels: dict[str, str] = {"unwatched": "belum dipantau", "waiting": "menunggu giliran"}
    state = item.state
    label = labels.get(bucket) or words.STATE_LABELS[state]
    notes = []
    if item.last_post_at:
        notes.append(f"terakhir mengunggah {words.day_short(item.last_post_at.astimezone(ctx.zone).date())}")
    if state == "quiet":
        notes.append(f"{words.number(item.silent_days)} hari diam, batas {words.number(item.limit_days)} hari")
    if bucket == "unread":
        notes.append(words.UNREAD_LABELS[item.unread_class][0])
    elif state in ("excused", "private", "gone") and item.reason:
        notes.append(clean.line(item.reason))
    return AccountRow(account=ctx.account_name(key), state=label, note="; ".join(notes), tone=_TONES.get(bucket, "abu"))


def _worse(ctx: Context, down: frozenset[str]) -> list[str]:
    """Accounts that fell silent, vanished or could not be read tonight, and did not so the night before."""
    lost: tuple[AccountState, ...] = ("quiet", "never_posted", "gone", "private")
    found = []
    for key, account in ctx.accounts.items():
        now, before = ctx.bucket(key), ctx.bucket_before(key)
        fell = now in lost and before != now and before not in NOT_SEEN
        if fell or (now == "unread" and before != "unread" and account.platform not in down):
            found.append(key)
    return found


def _unit_subject(digest: Digest, name: str) -> str:
    counts = digest.counts
    parts = [f"{words.number(counts.flags)} perlu ditindak"] if counts.flags else []
    parts += [f"{words.number(counts.open)} masih terbuka"] if counts.open else []
    parts += [f"{words.number(counts.inactive)} akun tidak aktif"] if counts.inactive else []
    parts += [f"{words.number(counts.unread)} akun tidak dapat diperiksa"] if counts.unread else []
    return clean.line(f"{digest.title}, {name}: {', '.join(parts) or 'tidak ada yang perlu dijawab'}")


def _unit_headline(digest: Digest, name: str) -> str:
    counts = digest.counts
    if counts.accounts and not counts.read:
        return f"{name}: akun unit ini tidak dapat diperiksa malam ini; itu bukan penilaian atas unit."
    if not counts.flags and not counts.open:
        return f"{name}: tidak ada yang perlu dijawab dari {words.counted(counts.posts, 'unggahan')} malam ini."
    parts = [f"{words.number(counts.flags)} temuan perlu dicek"] if counts.flags else []
    parts += [f"{words.number(counts.open)} temuan terdahulu masih terbuka"] if counts.open else []
    return f"{name}: {words.listed(parts)}."


def _ask(digest: Digest) -> str:
    counts = digest.counts
    if counts.flags or counts.open:
        return (
            "Mohon dilihat unggahan di bawah ini dan disampaikan penjelasannya; jawaban Saudara dimuat di samping "
            "temuannya mulai ringkasan berikutnya. Temuan belum merupakan penilaian."
        )
    if counts.inactive:
        return "Mohon diperiksa mengapa akun yang tidak aktif belum mengunggah; bila ada alasannya, kabari kami."
    return ""


def regent(data: DigestInput, digest: Digest) -> RegentEdition:
    """The Regent's screen of the night whose staff digest is ``digest``."""
    ctx = Context(data)
    cards = digest.flags.cards
    rest = len(cards) - WORST_SHOWN
    counts = digest.counts
    unread = f"{words.counted(counts.unread, 'akun')} tidak dapat diperiksa malam ini; keadaannya tidak diketahui."
    return RegentEdition(
        run_id=digest.run_id,
        subject=digest.subject,
        headline=digest.headline,
        change=digest.change,
        heading=digest.heading,
        day=digest.day,
        office_name=digest.office_name,
        tiles=digest.tiles,
        worst=tuple(_worst(card) for card in cards[:WORST_SHOWN]),
        more=f"{words.number(rest)} lagi ada pada ringkasan staf." if rest > 0 else "",
        corrected=_corrected(ctx),
        tiers=tuple(row for label, kinds in TIERS if (row := _tier(ctx, label, kinds))),
        example=digest.examples.examples[0] if digest.examples.examples else None,
        warning=unread if counts.unread else "",
        closing=f"Temuan perlu dicek petugas dan belum merupakan penilaian. Nomor ringkasan {digest.run_id}.",
    )


def _corrected(ctx: Context) -> str:
    count, within = posts_in_time(ctx), words.number(ctx.data.settings.corrected_within_hours)
    if not count:
        return ""
    return f"{words.counted(count, 'unggahan')} diperbaiki unit dalam {within} jam sesudah ditandai. Terima kasih."


def _worst(card: Card) -> WorstLine:
    text = f"{card.family}: {card.unit}" + (f", {card.account}" if card.account else "")
    return WorstLine(level=card.level, tone=card.tone, text=clean.shorten(text, _LINE_CHARS), url=card.url)


def _tier(ctx: Context, label: str, kinds: tuple[UnitKind, ...]) -> TierRow | None:
    units: dict[str, Unit] = {code: unit for code, unit in ctx.units.items() if unit.kind in kinds}
    buckets = Counter(ctx.bucket(key) for key, account in ctx.accounts.items() if account.unit in units)
    known = sum(buckets[state] for state in ("active", "quiet", "never_posted", "gone", "private"))
    if not buckets.total():
        return None
    unread = buckets["unread"]
    return TierRow(
        label=label,
        active=f"{words.number(buckets['active'])} dari {words.number(known)}" if known else "tidak diketahui",
        percent=words.percent(buckets["active"], known),
        note=f"{words.number(unread)} tidak terbaca" if unread else "",
    )
