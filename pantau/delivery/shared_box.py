"""A mailbox that several offices read: which mails in it are surely one office's. Everything else stays in the inbox, for a person.

What an office takes it lists in its digest, with sender and subject; so a guess would show one office another's mail.
"""

import re
from email.message import Message

from pantau.core.tokens import codes_in
from pantau.delivery import letter_text
from pantau.delivery.bounces import bounce_of, is_report
from pantau.delivery.review import Rules

_ID = re.compile(r"<[^<>\s]{3,300}>")
_MOST_IDS = 50
_NOT_OURS = ("forged", "old_key")


def meant_for(message: Message, rules: Rules) -> bool:
    """Whether a mail is this office's: a copy of its own, a report on or an answer to one, or a code that it gave the sender."""
    try:
        if is_report(message):
            bounce = bounce_of(message)
            return bounce is not None and _ours(bounce.message_id, rules)
        named = " ".join(str(message.get(name, "")) for name in ("Message-ID", "In-Reply-To", "References"))
        if any(_ours(one, rules) for one in _ID.findall(named)[:_MOST_IDS]):
            return True
        text = f"{letter_text.header(message, 'Subject')}\n\n{letter_text.visible_text(message)}"
        sender = letter_text.sender(message)
        return any(rules.key.flaw(code, sender, rules.today, rules.days) not in _NOT_OURS for code in codes_in(text))
    except letter_text.UNPARSABLE:
        return False


def _ours(message_id: str, rules: Rules) -> bool:
    return bool(message_id) and rules.recipient_of(message_id) is not None
