"""The port to a language model. ``jobs/chat.py`` fills it over HTTP; nothing in ``pantau.checks`` opens a connection."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from pantau.core.errors import PantauError


class ChatReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the model said. Tokens are None when the server did not count them."""

    content: str
    tokens_in: int | None = None
    tokens_out: int | None = None


class ChatError(PantauError):
    """The model gave no answer. ``why`` is Indonesian, for the digest."""

    def __init__(self, why: str, *, final: bool = False, billed: bool = False, slow: bool = False) -> None:
        """``final``: asking again this night is in vain. ``billed``: the request may have cost what an answer costs."""
        super().__init__(why)
        self.why = why
        self.final = final
        self.billed = billed
        self.slow = slow


class Chat(Protocol):
    """A model behind an endpoint."""

    model: str

    def ask(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any], until: float) -> ChatReply:
        """One answer, no later than ``until`` on the reader's clock. Raises ``ChatError``."""
        ...
