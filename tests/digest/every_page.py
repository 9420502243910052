"""Every kind of mail with a page that Pantau sends, as one reader gets it: with pictures, and with reply codes signed for him."""

from base64 import b64encode
from collections.abc import Callable
from datetime import date
from functools import cache, partial

import msgspec

from pantau.core.model import Finding
from pantau.core.settings import DigestSettings
from pantau.core.tokens import ReplyKey
from pantau.digest.build import build
from pantau.digest.correction import Change, Correction, CorrectionRenderer
from pantau.digest.edition_pages import EditionRenderer
from pantau.digest.editions import Units, regent
from pantau.digest.model import DigestInput, ReplyWay
from pantau.digest.period import build as build_period
from pantau.digest.period_input import PeriodInput
from pantau.digest.render import Rendered
from tests.digest import golden, hostile, large, sample, sample_period

READER = "sekda@arunika.example"
RENDERER = EditionRenderer()
KEY = ReplyKey(b"rahasia kantor contoh")
WORST = "".join(hostile.TEXTS[:3]) + "W" * 300
"""Unfriendly markup, and a word far longer than a screen is wide."""


def answerable(data: DigestInput) -> DigestInput:
    """The night of an office that reads its mailbox: every finding has reply links."""
    way = ReplyWay(address="pantau@arunika.example", key_id=KEY.key_id)
    fresh = frozenset(data.categories) & data.posts.keys()
    return msgspec.structs.replace(data, reply=way, fresh=fresh)


def staff(data: DigestInput) -> Rendered:
    return RENDERER.render(build(answerable(data)), DigestSettings())


def regents(data: DigestInput) -> Rendered:
    data = answerable(data)
    return RENDERER.regent(regent(data, build(data)))


def units(data: DigestInput) -> Rendered:
    return RENDERER.unit(Units(answerable(data)).of("OPD-01"), DigestSettings())


def correction(data: DigestInput) -> Rendered:
    """A notice of every kind of change, over the findings of a night."""
    kinds = ("new", "withdrawn", "regraded")
    changes = tuple(
        Change(
            kind=kinds[n % 3],  # type: ignore[arg-type]
            finding=finding,
            before=milder(finding) if n % 3 == 2 else None,
            reason=data.notes[0],
        )
        for n, finding in enumerate(data.findings)
    )
    return CorrectionRenderer().correction(
        Correction(
            office=data.office,
            first=date(2026, 11, 20),
            last=date(2026, 11, 24),
            posts=1234,
            rules_sha256=data.rules_sha256,
            manifest_sha256=data.manifest_sha256,
            run_id="r-20261124",
            changes=changes,
            units={unit.code: unit.name for unit in data.units},
            accounts={account.key: account.label for account in data.accounts},
            unread=tuple(account.label for account in data.accounts[:3]),
        ),
        DigestSettings(),
    )


def period(data: PeriodInput) -> Rendered:
    return RENDERER.period(build_period(data), DigestSettings())


def milder(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, level="info", strength="review")


_PAGES: dict[str, Callable[[], Rendered]] = {
    "staff": lambda: staff(sample.rich()),
    "staff-calm": lambda: staff(sample.calm()),
    "staff-blind": lambda: staff(sample.blind()),
    "staff-full": lambda: staff(large.night(0, 25)),
    "staff-hostile": lambda: staff(hostile.night_of(WORST)),
    "regent": lambda: regents(sample.rich()),
    "regent-blind": lambda: regents(sample.blind()),
    "regent-hostile": lambda: regents(hostile.night_of(WORST)),
    "unit": lambda: units(sample.rich()),
    "unit-calm": lambda: units(sample.calm()),
    "unit-full": lambda: units(large.night(0, 70)),
    "unit-hostile": lambda: units(hostile.night_of(WORST)),
    "correction": lambda: correction(sample.rich()),
    "correction-full": lambda: correction(large.night(0, 300)),
    "correction-hostile": lambda: correction(hostile.night_of(WORST)),
    "week": lambda: period(sample_period.week()),
    "week-dark": lambda: period(sample_period.dark()),
    "week-hostile": lambda: period(sample_period.hostile(WORST)),
    "month": lambda: period(sample_period.month()),
    "month-full": lambda: period(sample_period.large()),
}
NAMES = tuple(_PAGES)


def wires() -> dict[str, Callable[[], bytes]]:
    """Every mail on the wire, the one without a page (to the operator) included."""
    plain = RENDERER.operator_failure(golden.FAILURE)
    failure = Rendered(subject=plain.subject, html="", text=plain.text, whatsapp="")
    return {name: partial(lambda n: golden.mail(mailed(n)), name) for name in NAMES} | {
        "operator": lambda: golden.mail(failure)
    }


def shown(name: str) -> str:
    """The page as a mail program shows it, with its pictures inside."""
    html = mailed(name).html
    for picture in mailed(name).pictures:
        data = b64encode(picture.data).decode()
        html = html.replace(f'"cid:{picture.cid}"', f'"data:image/{picture.subtype};base64,{data}"')
    return html


@cache
def mailed(name: str) -> Rendered:
    """The page, its twin and its pictures as ``READER`` gets them."""
    made = _PAGES[name]()
    return msgspec.structs.replace(made, html=KEY.signed(made.html, READER), text=KEY.signed(made.text, READER))
