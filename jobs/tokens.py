"""Access tokens that end soon, said while there is still time to renew them."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from jobs.wiring import meta_tokens, session_keeper, tiktok_shelf
from pantau.core.errors import PantauError
from pantau.core.settings import Settings

_log = structlog.get_logger(__name__)
WARN_BEFORE = timedelta(days=10)
_NAMED = 5


class TokenState(Protocol):
    """What a service says of a token; ``expires_at`` None: it does not end."""

    @property
    def valid(self) -> bool:
        """False when the service refuses it."""
        ...

    @property
    def expires_at(self) -> datetime | None:
        """When it ends (UTC)."""
        ...


def token_warnings(settings: Settings, now: datetime, tiktok_handles: Collection[str] | None = None) -> tuple[str, ...]:
    """A sentence for each token of Meta that is refused or ends within ten days, one for the session, one for all TikTok accounts.

    One request per token of Meta's. A service that does not answer gives no sentence: its accounts are unread anyway.
    ``tiktok_handles`` (lower case): only these, where the tokens of other offices lie in the same folder; None: all.
    """
    tiktok = tiktok_shelf(settings).ends() if settings.collect.tiktok.client_secret else {}
    if tiktok_handles is not None:
        tiktok = {handle: until for handle, until in tiktok.items() if handle.lower() in tiktok_handles}
    return (
        *_meta_warnings(settings, now),
        *_session_warnings(settings, now),
        *tiktok_faults(tiktok, now, settings.zone),
    )


def _session_warnings(settings: Settings, now: datetime) -> tuple[str, ...]:
    if not (settings.collect.instagram.enabled and settings.collect.instagram.session_file):
        return ()
    try:
        until = session_keeper(settings).ends()
    except PantauError:
        return ()  # its accounts are unread tonight, with the reason
    fault = session_fault(until, now, settings.zone)
    return (fault,) if fault else ()


def session_fault(until: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """What is to be said of the Instagram session that ends at ``until``; empty when it holds for ten days or more."""
    if until is None or until - now >= WARN_BEFORE:
        return ""
    remedy = "Masuk lagi di peramban, lalu: pantau accounts session import --browser-cookies BERKAS."
    return f"Sesi Instagram habis pada {until.astimezone(zone):%d-%m-%Y}. {remedy}"


def tiktok_faults(ends: Mapping[str, datetime | None], now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """What is to be said of TikTok accounts whose permission ends within ten days, by handle; at most one sentence."""
    soon = sorted((until, handle) for handle, until in ends.items() if until is not None and until - now < WARN_BEFORE)
    if not soon:
        return ()
    named = ", ".join(f"@{handle} ({until.astimezone(zone):%d-%m-%Y})" for until, handle in soon[:_NAMED])
    more = f" dan {len(soon) - _NAMED} akun lain" if len(soon) > _NAMED else ""
    return (f"Izin akun TikTok habis: {named}{more}. Hubungkan lagi: pantau accounts tiktok-login NAMA_AKUN.",)


def _meta_warnings(settings: Settings, now: datetime) -> tuple[str, ...]:
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
