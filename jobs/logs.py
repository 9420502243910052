"""Structured logs on stderr: an event name with key-values, the run's id on every line; JSON where nobody watches."""

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRETS = (
    (re.compile(r"(?i)\b(authorization\W{1,4})?(bearer|basic)\s+[\w.~+/%=-]{6,}"), r"\2 ***"),
    (
        re.compile(
            r"(?i)([\"']?(?:\w*(?:token|secret|password|passwd|api_?key|signature|sessionid)|key|sig)[\"']?\s*[=:]\s*[\"']?)"
            r"[^\s&\"',;}\])]{4,}"
        ),
        r"\1***",
    ),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), "***"),
)
_running: dict[str, str] = {}
_READ_FIRST = ("timestamp", "level", "event", "run")


def configure(*, verbose: bool) -> None:
    """Set up logging for one process. Libraries stay at WARNING, since their DEBUG lines carry credentials."""
    _running.clear()
    structlog.contextvars.clear_contextvars()
    steps: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_run,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*steps, _written],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked each time: stderr may be replaced
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _written]
    before = [structlog.stdlib.add_logger_name, *steps]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=last, foreign_pre_chain=before))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in ("tweepy", "instaloader", "urllib3", "httpx", "httpcore", "requests"):
        logging.getLogger(name).setLevel(logging.WARNING)


def name_run(run_id: str) -> None:
    """Put the id of the run on every line from now on, whichever thread writes it: one process does one run at a time."""
    _running["run"] = run_id


def log_crash() -> None:
    """Log the exception being handled, without local variables (they may hold secrets)."""
    if not structlog.is_configured():
        configure(verbose=False)
    structlog.get_logger().error("crash", exc_info=True)


def without_secrets(text: str) -> str:
    """The text with what follows the name of a secret, and passwords in addresses, blotted out."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _with_run(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Context variables do not reach the threads of the collectors, so the id is kept for the process."""
    return {**_running, **event}


def _written(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """One line: JSON for a file or a log collector, key-values for somebody at a terminal."""
    names = [name for name in _READ_FIRST if name in event] + sorted(event.keys() - set(_READ_FIRST))
    values = {name: _plain(event[name]) for name in names}
    if sys.stderr.isatty():
        trace = values.pop("exception", "")
        line = " ".join(f"{name}={value!r}" for name, value in values.items())
        return f"{line}\n{trace}" if trace else line
    return json.dumps(values, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return without_secrets(str(value))
