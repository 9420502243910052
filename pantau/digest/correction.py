"""What a rerun changes against what readers were told: new, withdrawn and re-graded findings, each with its reason."""

from datetime import date
from typing import Literal

import msgspec

from pantau.core.model import Finding
from pantau.core.settings import DigestSettings, Office
from pantau.digest import budget, clean, words
from pantau.digest.build_rest import FINGERPRINT
from pantau.digest.render import Rendered, Renderer, compact, tidy

ChangeKind = Literal["new", "withdrawn", "regraded"]
_TITLES: dict[ChangeKind, str] = {"new": "Baru", "withdrawn": "Ditarik", "regraded": "Dinilai ulang"}
_QUOTE_CHARS = 240
_STEP = 0.85
_UNREAD_SHOWN = 40


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One finding that readers must know of. ``finding`` is the present form, or for ``withdrawn`` the one told before."""

    kind: ChangeKind
    finding: Finding
    before: Finding | None
    reason: str


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A rerun's result over the local days ``first`` to ``last``, both included."""

    office: Office
    first: date
    last: date
    posts: int
    """Posts of the range that were checked."""
    rules_sha256: str
    manifest_sha256: str
    """Fingerprint of the rerun's manifest: every post of the range as it is stored."""
    run_id: str
    changes: tuple[Change, ...]
    units: dict[str, str]
    """Unit code to name."""
    accounts: dict[str, str]
    """Account key to label."""
    unread: tuple[str, ...]
    """Labels of accounts of the range that could not be read."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change in words."""

    title: str
    unit: str
    account: str
    grade: str
    quotes: tuple[str, ...]
    message: str
    basis: str
    reason: str
    key: str
    url: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The notice in words, ready for its templates."""

    office_name: str
    subject: str
    headline: str
    range: str
    entries: tuple[Entry, ...]
    unread: tuple[str, ...]
    method: str
    facts: tuple[str, ...]
    """Number and fingerprint, one line each."""
    hidden: int = 0
    """Entries that the HTML leaves out to stay within its size."""
    hidden_unread: int = 0


def page_of(correction: Correction) -> Page:
    """Every sentence of the notice."""
    counts = {kind: sum(change.kind == kind for change in correction.changes) for kind in _TITLES}
    told = ", ".join(f"{number} {_TITLES[kind].lower()}" for kind, number in counts.items() if number)
    span = words.day_short(correction.first)
    if correction.last != correction.first:
        span += f" s.d. {words.day_short(correction.last)}"
    return Page(
        office_name=clean.line(correction.office.name),
        subject=f"Koreksi ringkasan {span}: {told or 'tidak ada perubahan'}",
        headline=f"Perubahan terhadap ringkasan yang sudah dikirim: {told or 'tidak ada'}.",
        range=f"Unggahan {span}, {words.counted(correction.posts, 'unggahan')} diperiksa ulang.",
        entries=tuple(_entry(change, correction) for change in correction.changes),
        unread=tuple(clean.line(label) for label in correction.unread),
        method=f"Diperiksa dengan kumpulan aturan {correction.rules_sha256}. Keadaan akun (tidak aktif, tidak dapat diperiksa) "
        "berlaku untuk malam saat dilihat dan tidak dihitung ulang.",
        facts=(
            f"Nomor koreksi: {clean.line(correction.run_id)}",
            f"{FINGERPRINT}: {clean.line(correction.manifest_sha256)}",
        ),
    )


def _entry(change: Change, correction: Correction) -> Entry:
    finding = change.finding
    grade = _grade(finding)
    if change.kind == "regraded" and change.before is not None:
        grade = f"{_grade(change.before)} menjadi {grade}"
    personal = finding.family == "DPR"
    quotes = [clean.quoted(item.quote, _QUOTE_CHARS, personal=personal) for item in finding.evidence if item.quote]
    return Entry(
        title=_TITLES[change.kind],
        unit=clean.line(correction.units.get(finding.unit, finding.unit)),
        account=clean.line(correction.accounts.get(finding.account, finding.account)),
        grade=grade,
        quotes=tuple(quotes),
        message=clean.line(finding.message),
        basis=clean.line(finding.basis).rstrip("."),
        reason=clean.line(change.reason),
        key=finding.key,
        url=clean.url(finding.url),
    )


def _grade(finding: Finding) -> str:
    shown = "perlu dicek" if finding.strength == "flag" else "untuk dilihat"
    return f"{words.family(finding.family)}, {finding.level}, {shown}"


class CorrectionRenderer(Renderer):
    """The notice as subject, HTML and text."""

    def correction(self, correction: Correction, settings: DigestSettings) -> Rendered:
        """The mail, its HTML cut to ``settings.budget_kb``; what does not fit is counted there and stands in the text."""
        whole, room_bytes = page_of(correction), settings.budget_kb * 1024
        shown = page = _without(whole, 0, max(0, len(whole.unread) - _UNREAD_SHOWN))
        while budget.encoded_bytes(html := self._notice(shown)) > room_bytes and shown.entries:
            kept = int(len(shown.entries) * min(_STEP, room_bytes / budget.encoded_bytes(html)))
            shown = _without(page, len(page.entries) - kept, 0)
        return Rendered(
            subject=whole.subject,
            html=html,
            text=self._twin(msgspec.structs.replace(whole, hidden=shown.hidden, hidden_unread=shown.hidden_unread)),
            whatsapp="",
            hidden_findings=shown.hidden,
            html_bytes=budget.encoded_bytes(html),
        )

    def _notice(self, page: Page) -> str:
        return compact(self._inliner.inline(self._html.get_template("correction.html.j2").render(page=page)))

    def correction_text(self, correction: Correction) -> str:
        """The notice in plain words, as the report of ``pantau rerun``."""
        return self._twin(page_of(correction))

    def _twin(self, page: Page) -> str:
        return tidy(self._text.get_template("correction.txt.j2").render(page=page))


def _without(page: Page, entries: int, unread: int) -> Page:
    """The page without so many of its last entries and of its unread accounts."""
    return msgspec.structs.replace(
        page,
        entries=page.entries[: len(page.entries) - entries],
        unread=page.unread[: len(page.unread) - unread],
        hidden=page.hidden + entries,
        hidden_unread=page.hidden_unread + unread,
    )
