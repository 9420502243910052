"""What came back by mail: one letter per mail in our mailbox, with what became of it."""

from datetime import datetime
from typing import Literal

import msgspec

LetterOutcome = Literal["decision", "bounce", "auto", "own", "refused", "quarantine", "unclear"]
"""``auto``: automatic answers and list mail, never a decision. ``refused``: a code that gives its sender nothing."""

NOT_UNDERSTOOD: tuple[LetterOutcome, ...] = ("refused", "quarantine", "unclear")
"""Listed in the next digest; they stay in the inbox for a person."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One mail that was read, once. Its text is not kept; a note that belongs to a decision is kept with that."""

    letter_id: str
    """SHA-256 over Message-ID and sender (a copy has the same), or over the mail when it has no Message-ID."""
    message_id: str = ""
    outcome: LetterOutcome
    sender: str = ""
    """Address in From; of a bounce the reader whose mail came back."""
    subject: str = ""
    sent_at: datetime | None = None
    """By its Date header."""
    finding_key: str = ""
    code: str = ""
    """The reply code without its signature."""
    reason: str = ""
    """Why it was not understood, or why the mail came back, in Indonesian."""
    about: str = ""
    """Of a bounce: Message-ID of the mail that came back."""


class MailboxReading(msgspec.Struct, frozen=True):
    """One attempt to read the mailbox. ``problem`` is empty when it went well."""

    at: datetime
    problem: str = ""
