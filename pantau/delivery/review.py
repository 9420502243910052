"""Decides what a mail in our mailbox is: a decision of somebody who may take it, a report, or something for a person.

Nothing is trusted but a code that is good for the very address that sent it. ``docs/decisions.md`` has the rules.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import date
from email.message import Message

import msgspec

from pantau.core.letters import Letter, LetterOutcome
from pantau.core.model import DecisionAction
from pantau.core.tokens import Code, Flaw, ReplyKey, codes_in
from pantau.delivery import letter_text
from pantau.delivery.authentication import verdict
from pantau.delivery.bounces import bounce_of, is_report

_FLAWS: dict[Flaw, str] = {
    "forged": "kodenya tidak sah atau milik penerima lain; pakai tautan pada surel Anda sendiri",
    "old_key": "kodenya tidak dikenal (kunci lama atau salah ketik); pakai tautan pada ringkasan terbaru",
    "expired": "kodenya sudah kedaluwarsa; pakai tautan pada ringkasan terbaru",
    "early": "tanggal kodenya belum tiba; periksa jam mesin Pantau",
}
_MASS = ("List-Id", "List-Unsubscribe", "List-Post", "X-Autoreply", "X-Autorespond", "X-Autoresponse")
_MASS_PRECEDENCE = frozenset(("bulk", "list", "junk", "auto_reply"))
_SERVERS = frozenset(("mailer-daemon", "postmaster"))
_SUBJECT_CHARS = 200
BROKEN = "susunan suratnya rusak, tidak dapat dibaca"


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Who may decide what, and how the office's mail server vouches for a sender. Addresses are in lower case."""

    key: ReplyKey
    today: date
    days: int
    """How many days a code is good for."""
    voters: Collection[str]
    """Readers who may decide about every finding."""
    heads: Mapping[str, Collection[str]]
    """Heads of units, with the codes of the units for which they may answer."""
    own: Collection[str]
    """Our own addresses."""
    own_domain: str
    authserv_id: str = ""
    require_authentication: bool = False
    unit_of: Callable[[str], str | None]
    """The unit of a finding by its key; None for a finding that does not exist."""
    undoable: Callable[[Code], bool]
    """Whether there is something that the code may take back."""
    recipient_of: Callable[[str], str | None]
    """To whom a mail of ours went, by Message-ID; None for a mail that is not ours."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A letter with what it decides, when it does."""

    letter: Letter
    action: DecisionAction | None = None
    note: str = ""


class _UnclearError(Exception):
    """The mail decides nothing. The text says why, in Indonesian."""

    def __init__(self, reason: str, outcome: LetterOutcome = "unclear") -> None:
        super().__init__(reason)
        self.outcome = outcome


def letter_id(message: Message) -> str:
    """See ``Letter.letter_id``; only the headers are looked at."""
    message_id = str(message.get("Message-ID", "")).strip()
    seed = (
        [message_id, letter_text.sender(message)]
        if message_id
        else [f"{name}:{value}" for name, value in message.items()]
    )
    return hashlib.sha256("\n".join(seed).encode("utf-8", "replace")).hexdigest()


def judge(message: Message, rules: Rules, trouble: str = "") -> Judged:
    """What the mail is. ``trouble``: why only its headers could be fetched. Raises nothing."""
    sender = letter_text.sender(message)
    letter = Letter(
        letter_id=letter_id(message),
        message_id=str(message.get("Message-ID", "")).strip()[:_SUBJECT_CHARS],
        outcome="unclear",
        sender=sender,
        subject=letter_text.header(message, "Subject")[:_SUBJECT_CHARS],
        sent_at=letter_text.sent_at(message),
    )
    try:
        if sender in rules.own:
            raise _UnclearError("", "own")
        if is_report(message) and not trouble:
            return Judged(letter=_report(message, letter, rules))
        if _automatic(message, sender):
            raise _UnclearError("", "auto")
        if trouble:
            raise _UnclearError(trouble)
        return _decision(message, letter, rules)
    except _UnclearError as unclear:
        return Judged(letter=msgspec.structs.replace(letter, outcome=unclear.outcome, reason=str(unclear)))
    except letter_text.UNPARSABLE:
        return Judged(letter=msgspec.structs.replace(letter, reason=BROKEN))


def _automatic(message: Message, sender: str) -> bool:
    """Automatic answers and list mail; a server's notice that is no report stays for a person."""
    if sender.partition("@")[0] in _SERVERS:
        return False
    said = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    empty_path = str(message.get("Return-Path", "")).strip() == "<>"
    return said != "no" or precedence in _MASS_PRECEDENCE or empty_path or any(name in message for name in _MASS)


def _report(message: Message, letter: Letter, rules: Rules) -> Letter:
    bounce = bounce_of(message)
    if bounce is None:
        raise _UnclearError("pemberitahuan server surel yang tidak terbaca")
    if not bounce.failed:
        raise _UnclearError("", "auto")  # delayed or delivered: nothing to do
    recipient = rules.recipient_of(bounce.message_id)
    if recipient is None or recipient not in bounce.recipients:
        raise _UnclearError("pemberitahuan surel kembali, tetapi bukan tentang surel Pantau yang dikenal")
    if verdict(message, rules.authserv_id, letter.sender) == "fail":
        raise _UnclearError("pemberitahuan surel kembali yang pengirimnya tidak lolos pemeriksaan", "quarantine")
    return msgspec.structs.replace(
        letter, outcome="bounce", sender=recipient, about=bounce.message_id, reason=bounce.reason
    )


def _decision(message: Message, letter: Letter, rules: Rules) -> Judged:
    sender = letter.sender
    if not sender:
        raise _UnclearError("pengirimnya tidak jelas")
    text = letter_text.visible_text(message)
    codes = codes_in(f"{letter_text.header(message, 'Subject')}\n\n{text}")
    if sender not in rules.voters and sender not in rules.heads:
        what = "pengirimnya tidak terdaftar" if codes else "tanpa kode, pengirimnya tidak terdaftar"
        raise _UnclearError(what, "quarantine" if codes else "unclear")
    if not codes:
        raise _UnclearError("tanpa kode; pakai tautan di bawah temuan")
    said = verdict(message, rules.authserv_id, sender)
    outside = sender.rpartition("@")[2] != rules.own_domain
    if said == "fail" or (said == "none" and outside and rules.require_authentication):
        raise _UnclearError("keaslian pengirim tidak terbukti (SPF/DKIM/DMARC)", "quarantine")
    code = _genuine(codes, sender, rules)
    letter = msgspec.structs.replace(letter, finding_key=code.finding_key, code=code.label)
    reason = _refusal(code, sender, rules)
    note = letter_text.note(text)
    if not reason and code.action == "answer" and not note:
        reason = "hak jawab tanpa isi; tulis jawabannya di bawah kode"
    if reason:
        return Judged(letter=msgspec.structs.replace(letter, outcome="refused", reason=reason))
    return Judged(letter=msgspec.structs.replace(letter, outcome="decision"), action=code.action, note=note)


def _genuine(codes: Collection[Code], sender: str, rules: Rules) -> Code:
    """The one code that is good for the sender; others that are not (a damaged subject) do not matter."""
    flaws = {code: rules.key.flaw(code, sender, rules.today, rules.days) for code in codes}
    good = [code for code, flaw in flaws.items() if flaw is None]
    if len(good) == 1:
        return good[0]
    if good:
        raise _UnclearError(f"memuat {len(good)} kode; kirim satu surel untuk satu keputusan", "refused")
    flaw = next(flaw for flaw in flaws.values() if flaw)
    raise _UnclearError(_FLAWS[flaw], "refused")


def _refusal(code: Code, sender: str, rules: Rules) -> str:
    """Why the sender may not do what a genuine code asks for; empty when he may."""
    unit = rules.unit_of(code.finding_key)
    if unit is None or code.action is None:
        return "temuan atau keputusan yang dimaksud tidak dikenal"
    if sender not in rules.voters and (code.action != "answer" or unit not in rules.heads[sender]):
        return "kepala unit hanya dapat mengirim hak jawab untuk unitnya sendiri"
    if code.action == "undo" and not rules.undoable(code):
        return "tidak ada yang dapat dibatalkan dengan kode ini: sudah dipakai, atau ada keputusan yang lebih baru"
    return ""
