"""Access tokens that end soon, said while there is still time to renew them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from collectors.graph import TokenState
from jobs.wiring import meta_tokens
from pantau.core.errors import PantauError
from pantau.core.settings import Settings

_log = structlog.get_logger(__name__)
WARN_BEFORE = timedelta(days=10)


def token_warnings(settings: Settings, now: datetime) -> tuple[str, ...]:
    """A sentence for each of Meta's tokens that is refused or ends within ten days. One request per token.

    A service that does not answer gives no sentence: its accounts are unread for that reason anyway.
    """
    try:
        states = meta_tokens(settings)
    except PantauError as error:
        _log.warning("tokens.not_asked", reason=str(error))
        return ()
    return tuple(text for text in token_faults(states, now, settings.zone).values() if text)


def token_faults(states: Mapping[str, TokenState], now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """What is wrong with each token, by the key that names it, with the remedy; empty when it holds."""
    found = {}
    for key, state in states.items():
        remedy = f"Buat token baru (lebih baik token System User, yang tidak kedaluwarsa) dan perbarui {key}."
        if not state.valid:
            found[key] = f"Token {key} tidak berlaku lagi. {remedy}"
        elif state.expires_at is not None and state.expires_at - now < WARN_BEFORE:
            found[key] = f"Token {key} habis pada {state.expires_at.astimezone(zone):%d-%m-%Y}. {remedy}"
        else:
            found[key] = ""
    return found
