"""``pantau rules eval --reader``: the figures of the rules without and with the language model."""

import time
from pathlib import Path

import msgspec

from jobs.catalogue import load_rules, rules_cache
from jobs.clock import now_utc
from jobs.reading import cache_folder, not_read, took_part
from jobs.wiring import reader_chat
from pantau.checks.judge import CheckReport
from pantau.checks.labelled import evaluate, figures_json, figures_table
from pantau.checks.reader import Reader
from pantau.checks.reader_cache import AnswerCache
from pantau.core.clock import local_day
from pantau.core.errors import Problem, SettingsError
from pantau.core.model import Post
from pantau.core.settings import Settings
from pantau.core.settings_offices import load_installation
from pantau.core.settings_reader import reader_problems


def settings_for_reader(config: Path, url: str, model: str, key: str, mode: str) -> Settings:
    """The settings file, where there is one, with what the command line says instead. Raises ``SettingsError``."""
    settings = load_installation(config).shared if config.exists() else Settings(base_dir=config.resolve().parent)
    given = {"url": url, "model": model, "api_key": key, "mode": mode}
    chosen = msgspec.structs.replace(settings.reader, **{name: value for name, value in given.items() if value})
    problems = [
        Problem(str(config), f"kunci {key}", str(shown), *rest) for key, shown, *rest in reader_problems(chosen)
    ]
    if not chosen.on:
        remedy = "Isi [reader] di pantau.toml, atau tambahkan --reader-url dan --reader-model."
        problems.append(Problem(str(config), "kunci reader.url", "", "belum diisi", remedy))
    if problems:
        raise SettingsError(problems)
    return msgspec.structs.replace(settings, reader=chosen)


def evaluate_with_reader(posts: Path, settings: Settings, *, as_json: bool) -> tuple[str, tuple[str, ...]]:
    """What the command prints, and what the reader did not read. Raises ``ImportFileError`` and ``SecretError``."""
    today = local_day(now_utc())
    catalogue = load_rules(None, today)
    chat = reader_chat(settings)
    assert chat is not None, "settings_for_reader makes sure of an address"
    own = cache_folder(settings) if settings.state_dir.is_dir() else None
    folder = own or (found / "reader" if (found := rules_cache()) else None)
    reader = Reader(chat, settings.reader, catalogue, AnswerCache(folder, today), time.monotonic)

    def read(held: list[Post], report: CheckReport) -> CheckReport:
        return reader.read(held, report, {})

    figures = (evaluate(catalogue, posts), evaluate(catalogue, posts, amend=read))
    outcome = reader.outcome
    if as_json:
        tables = {
            name: msgspec.Raw(figures_json(item).encode())
            for name, item in zip(("without", "with"), figures, strict=True)
        }
        told = {
            "model": outcome.model,
            "prompt": outcome.prompt,
            "read": outcome.read,
            "cached": outcome.cached,
            "unread": len(outcome.unread),
            "why": outcome.why,
            "discarded": outcome.discarded,
            "usd": outcome.cost.usd,
        }
        text = msgspec.json.format(msgspec.json.encode(tables | {"reader": told}), indent=2).decode()
    else:
        rows = ("Tanpa pembaca", figures_table(figures[0]), "", f"Dengan pembaca {took_part(outcome)}")
        text = "\n".join((*rows, figures_table(figures[1])))
    return text, not_read(outcome)
