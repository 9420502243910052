"""Structured logs on stderr: an event name with key-values, the run's id on every line."""

import logging
import sys

import structlog


def configure(*, verbose: bool) -> None:
    """Set up logging for one process. Libraries stay at WARNING, since their DEBUG lines carry credentials."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    for name in ("tweepy", "instaloader", "urllib3", "httpx", "httpcore", "requests"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.clear_contextvars()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked each time: stderr may be replaced
        cache_logger_on_first_use=False,
    )


def log_crash() -> None:
    """Log the exception being handled, without local variables (they may hold secrets)."""
    if not structlog.is_configured():
        configure(verbose=False)
    structlog.get_logger().error("crash", exc_info=True)
