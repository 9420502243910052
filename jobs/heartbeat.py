"""Says to the outside that the night began, went well or failed: a call to the heartbeat address, a mail to the operator."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from jobs import exit_codes
from jobs.delivering import tell_operator
from jobs.wiring import Site
from pantau.core.errors import PantauError
from pantau.core.model import Run
from pantau.delivery.tls import tls_context
from pantau.store.store import Store

_log = structlog.get_logger(__name__)
_TIMEOUT_S = 3.0
"""For connecting and for the answer each: a heartbeat host that is away may not hold up the night."""


def ping(site: Site, event: str) -> None:
    """Call the heartbeat address (``/start``, ``/fail`` or nothing appended). A failure is logged, nothing more.

    The answer's body is not read. As elsewhere what is encrypted goes through the office's proxy.
    """
    settings = site.job.settings
    url = settings.operator.heartbeat_url
    if not url:
        return
    import httpx

    address = url.rstrip("/") + (f"/{event}" if event else "")
    try:
        with (
            httpx.Client(
                timeout=_TIMEOUT_S,
                verify=tls_context(settings.network),
                proxy=(settings.network.proxy or None) if url.startswith("https:") else None,
                trust_env=False,
            ) as client,
            client.stream("GET", address) as answer,
        ):
            if answer.status_code >= 400:
                _log.warning("heartbeat_refused", status=answer.status_code, ping=event or "done")
    except (httpx.HTTPError, httpx.InvalidURL, PantauError, OSError) as error:
        _log.warning("heartbeat_failed", reason=type(error).__name__, ping=event or "done")


@contextmanager
def failure_told(site: Site) -> Iterator[None]:
    """Whatever ends what is done inside, also a signal, the operator hears of it; the exception goes on to ``main``."""
    done = False
    try:
        yield
        done = True
    finally:
        if not done:
            ping(site, "fail")
            what = str(sys.exc_info()[1] or "") or type(sys.exc_info()[1]).__name__
            tell_operator(site, "pekerjaan malam berhenti", (what,), "Jalankan pantau doctor, lalu pantau nightly.")


def went_well(store: Store, run: Run, exit_code: int) -> bool:
    """Whether a heartbeat may say so: everybody has the digest, and it rests on at least one account that was read.

    A few unread accounts are told in the digest. An alarm that they set off every night would be switched off.
    """
    if exit_code not in (exit_codes.DONE, exit_codes.INCOMPLETE):
        return False
    states = [item.state for item in store.observations.of_run(run.run_id)]
    return exit_code == exit_codes.DONE or any(state not in ("unread", "unregistered") for state in states)
