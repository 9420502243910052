"""Checking starts at once and stays fast. Ratios against work of the same process or machine, never absolute times."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pantau.checks.cache import user_cache_dir
from pantau.checks.engine import Checker
from pantau.checks.load import load_catalogue
from pantau.core.resources import data_dir
from tests.checks.material import DAY, caption, post, rulebook
from tests.checks.oracle import Folded

ROOT = Path(__file__).parent.parent.parent
CHECK = """
import sys
from datetime import date
from pathlib import Path
from pantau.checks.labelled import check_lines
from pantau.checks.load import load_catalogue
from pantau.core.resources import data_dir
cache = Path(sys.argv[2])
catalogue = load_catalogue([data_dir("rules")], {}, date(2026, 6, 1), cache)
assert len(list(check_lines(catalogue, Path(sys.argv[1]), cache_dir=cache))) == 100
assert "hyperscan" not in sys.modules and "numpy.ma" not in sys.modules and "phonenumbers" not in sys.modules
"""


def cpu_s(code: str, *arguments: str) -> float:
    """Processor time of a fresh interpreter, the better of two."""
    times = []
    for _ in range(2):
        before = os.times()
        subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, check=True, timeout=60)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(times)


def test_a_check_of_a_hundred_posts_costs_little_more_than_starting(tmp_path: Path):
    lines = [
        f'{{"id": {n}, "text": "Kerja bakti warga Dusun Karangpoh, 120 meter talud rampung. {n}"}}\n'
        for n in range(100)
    ]
    (tmp_path / "posts.jsonl").write_text("".join(lines), "utf-8")
    start = cpu_s("import numpy, msgspec")
    assert cpu_s(CHECK, str(tmp_path / "posts.jsonl"), str(tmp_path / "cache")) < 5 * start


def process_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def test_folding_a_block_is_many_times_faster_than_folding_character_by_character():
    import random

    from pantau.checks.fold import fold

    rng = random.Random(1)
    texts = [" ".join(caption(rng) for _ in range(4)) for _ in range(500)]
    fold(texts)
    fast = min(process_s(lambda: fold(texts)) for _ in range(3))
    slow = process_s(lambda: [Folded(text) for text in texts[:50]]) * 10
    assert slow / fast > 20


@pytest.mark.parametrize("factor", [4])
def test_the_time_for_posts_grows_with_their_number_only(factor: int):
    checker = Checker(rulebook())
    posts = [post(n, "Kerja bakti warga Dusun Karangpoh, 120 meter talud rampung. " * 8) for n in range(500 * factor)]
    checker.check(posts[:500], {})
    small = min(process_s(lambda: checker.check(posts[:500], {})) for _ in range(3))
    large = process_s(lambda: checker.check(posts, {}))
    assert large < 3 * factor * small


def test_two_thousand_ordinary_posts_take_a_fraction_of_the_allowed_time():
    checker = Checker(load_catalogue([data_dir("rules")], {}, DAY))
    text = (
        "Camat Lorjati bersama warga Dusun Karangpoh meninjau perbaikan talud 120 meter. Terima kasih, gotong royong! "
    )
    posts = [post(n, text * 4) for n in range(2_000)]
    assert process_s(lambda: checker.check(posts, {})) < 3


def test_the_cache_lies_in_the_users_cache_folder():
    assert user_cache_dir({"XDG_CACHE_HOME": "/c"}) == Path("/c/pantau")
    assert user_cache_dir({"HOME": "/h"}) == Path("/h/.cache/pantau")
    assert user_cache_dir({}) is None
