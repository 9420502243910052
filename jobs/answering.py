"""First part of a night: what came back by mail is kept before anything is collected. Also puts each reader's codes into mails."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import Message

import msgspec
import structlog

from jobs.wiring import Site
from pantau.core.clock import day_start, local_day
from pantau.core.letters import NOT_UNDERSTOOD, Letter, MailboxReading
from pantau.core.model import Decision, Run
from pantau.core.tokens import Code, address_form, without_codes
from pantau.delivery.letter_text import NOTE_CHARS
from pantau.delivery.reconcile import LookupFailedError
from pantau.delivery.review import Judged, Rules, judge
from pantau.delivery.shared_box import meant_for
from pantau.digest import answers, clean
from pantau.digest.model import MailboxDown, ReplyWay
from pantau.digest.render import Rendered
from pantau.store.store import Store

_log = structlog.get_logger(__name__)


def read_answers(site: Site, store: Store, run: Run) -> None:
    """Read decisions and bounces from the mailbox. When it is closed the night goes on, and the digest says so."""
    if site.mailbox is None or site.reply_key is None:
        return
    settings = site.job.settings
    good = store.inbox.last_reading(good=True)
    today = local_day(run.as_of, settings.zone)
    blind_days = max(0, (run.as_of - good.at).days - 1) if good else 0
    days = settings.mail.reply_days + blind_days  # what was sent in time counts, however long nobody could read it
    problem = ""
    try:
        waiting = site.mailbox.read(today - timedelta(days=days + 1), _Desk(site, store, run, days))
        if waiting:
            problem = f"{waiting} surel belum sempat dibaca; dilanjutkan malam berikutnya."
    except LookupFailedError as error:
        problem = str(error)
        _log.warning("mailbox_not_read", reason=problem)
    store.inbox.note(MailboxReading(run.as_of, problem))


class _Desk:
    """Keeps each letter with its decision in one transaction. See ``pantau.delivery.mailbox.Desk``."""

    def __init__(self, site: Site, store: Store, run: Run, days: int) -> None:
        self._site, self._store = site, store
        self._learnt_at = run.as_of - timedelta(seconds=1)  # so that tonight's digest tells it, and only tonight's
        self._rules = _rules(site, store, run, days)

    def read_until(self, mailbox: str) -> int:
        return self._store.inbox.read_until(mailbox)

    def keep_mark(self, mailbox: str, uid: int) -> None:
        self._store.inbox.keep_mark(mailbox, uid)

    def seen(self, letter_id: str) -> bool | None:
        outcome = self._store.inbox.outcome(letter_id)
        return None if outcome is None else outcome not in NOT_UNDERSTOOD

    def take(self, message: Message, trouble: str = "") -> bool:
        if self._site.shared_mailbox and not meant_for(message, self._rules):
            return False
        judged = judge(message, self._rules, trouble)
        subject = clean.line(clean.masked(without_codes(judged.letter.subject)))  # a digest is read by others
        letter = msgspec.structs.replace(judged.letter, subject=subject, reason=clean.line(judged.letter.reason))
        self._store.inbox.record(letter, self._learnt_at, self._decision(judged))
        _log.info("letter_read", outcome=letter.outcome, finding=letter.finding_key, reason=letter.reason)
        return letter.outcome not in NOT_UNDERSTOOD

    def _decision(self, judged: Judged) -> Decision | None:
        letter, action = judged.letter, judged.action
        if action is None:
            return None
        at = max(_not_later(letter, self._site.now()), _code_day(letter, self._site))
        if action == "undo":  # a clock that is slow must not put it before what it takes back
            at = max(
                [at, *(d.at + timedelta(microseconds=1) for d in self._store.decisions.of_finding(letter.finding_key))]
            )
        return Decision(
            finding_key=letter.finding_key, action=action, by=letter.sender, at=at, note=kept_note(judged.note)
        )


def kept_note(note: str) -> str:
    """A person's words as they are kept, however they came: one visible line, long numbers masked."""
    return clean.line(clean.masked(note), NOTE_CHARS)


def reply_way(site: Site) -> ReplyWay | None:
    """Where readers answer; None when no mailbox is read."""
    if site.mailbox is None or site.reply_key is None:
        return None
    return ReplyWay(address=_own_addresses(site)[0], key_id=site.reply_key.key_id)


def mailbox_down(site: Site, store: Store) -> MailboxDown | None:
    """What the digest says when the mailbox could not be read tonight."""
    last = store.inbox.last_reading()
    if site.mailbox is None or last is None or not last.problem:
        return None
    good = store.inbox.last_reading(good=True)
    return MailboxDown(problem=last.problem, since=good.at if good else None)


def personal(site: Site, rendered: Rendered, address: str, *, may_decide: bool = True) -> Rendered:
    """The digest as one reader gets it: its reply codes signed for this address, or without links."""
    if site.reply_key is None or not may_decide:
        html, text = answers.unlinked_page(rendered.html), answers.unlinked_text(rendered.text)
    else:
        html, text = (site.reply_key.signed(part, address) for part in (rendered.html, rendered.text))
    return msgspec.structs.replace(rendered, html=html, text=text)


def _rules(site: Site, store: Store, run: Run, days: int) -> Rules:
    assert site.reply_key is not None
    mail, zone = site.job.settings.mail, site.job.settings.zone
    heads: dict[str, set[str]] = {}
    for unit in site.job.register.units:
        if unit.head_email:
            heads.setdefault(address_form(unit.head_email), set()).add(unit.code)
    voters = set()
    for reader in mail.reader:
        if reader.unit and reader.may_decide:
            heads.setdefault(address_form(reader.address), set()).add(reader.unit)
        if reader.may_decide and set(reader.chosen) != {"unit"}:
            voters.add(address_form(reader.address))

    def unit_of(key: str) -> str | None:
        found = store.findings.find(key)
        return found[0].unit if found else None

    def undoable(code: Code) -> bool:
        last = store.decisions.known().get(code.finding_key)
        fresh = last is not None and f"{local_day(last.recorded_at, zone):%Y%m%d}" <= code.day
        return fresh and not store.inbox.used(code.label)

    return Rules(
        key=site.reply_key,
        today=local_day(run.as_of, zone),
        days=days,
        voters=voters,
        heads=heads,
        own=_own_addresses(site),
        own_domain=_own_addresses(site)[0].rpartition("@")[2],
        authserv_id=mail.authserv_id,
        require_authentication=mail.require_authentication,
        unit_of=unit_of,
        undoable=undoable,
        recipient_of=store.outbox.recipient_of,
    )


def _own_addresses(site: Site) -> Sequence[str]:
    """The mailbox that is read, then the address that sends."""
    mail = site.job.settings.mail
    return [address_form(address) for address in (mail.own_copy, mail.from_address) if address]


def _not_later(letter: Letter, now: datetime) -> datetime:
    return min(letter.sent_at, now) if letter.sent_at else now


def _code_day(letter: Letter, site: Site) -> datetime:
    """Nobody can answer a digest before its day began, whatever his clock says."""
    return day_start(datetime.strptime(letter.code[:8], "%Y%m%d").date(), site.job.settings.zone)
