"""Pages of ``docs`` name the tests that hold their claims; this finds names without a test."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def named_tests(page: str) -> list[tuple[str, str]]:
    """File and name of every test that a page names."""
    return re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page)


def missing_tests(page: str) -> list[str]:
    """Those that are not there."""
    return [
        f"{file}::{name}"
        for file, name in named_tests(page)
        if not (ROOT / file).is_file() or not re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.M)
    ]
