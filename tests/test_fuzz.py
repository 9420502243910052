"""The short version of ``make fuzz``: some changed inputs for every parser, the same ones on every run, and the watch itself."""

import re
import resource
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import target as target_module
from tests.fuzz.catalogue import TARGETS
from tests.fuzz.exports import clean, scratch
from tests.fuzz.mutations import BYTES, JSON
from tests.fuzz.target import ROOT, Target, Watch, fuzz

SEED = 20261124
SLOW = {"workbook": 12, "feed": 25, "import-x": 25, "import-meta": 25, "rules": 20, "patterns": 20}
"""Fewer inputs, of parsers that take milliseconds for one."""


@pytest.fixture(scope="module", autouse=True)
def _no_file_stays() -> Iterator[None]:
    yield
    clean()
    scratch.cache_clear()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_changed_input_breaks_a_parsers_promises(name: str) -> None:
    target = TARGETS[name]
    watch = fuzz(target, len(target.seeds()) + SLOW.get(name, 60), SEED)
    assert not watch.findings
    assert watch.accepted, "seeds that nobody takes test nothing"


@settings(max_examples=60)
@given(st.sampled_from(sorted(TARGETS)), st.randoms(use_true_random=False))
def test_nor_does_one_that_hypothesis_draws(name: str, random: Random) -> None:
    target = TARGETS[name]
    value = target.shape.change(random.choice(list(target.seeds())), random)
    target.check(value)


def test_every_parser_has_a_target() -> None:
    targets = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "fuzz").glob("*.py"))
    parsers = [path.stem for path in (ROOT / "collectors").glob("*_parse.py")]
    assert len(parsers) >= 8
    reached = {"files_meta_parse": "collectors.files import"}  # through the importer
    assert not [name for name in parsers if reached.get(name, f"collectors.{name} import") not in targets]


def watched(check: Any) -> Watch:
    return fuzz(Target("planted", BYTES, lambda: [b"abc"], check, 0), 40, SEED)


def test_the_watch_tells_a_crash_a_hang_and_a_jump_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "SECONDS", 0.05)
    monkeypatch.setattr(target_module, "GROWTH_MB", 20)

    def crash(data: bytes) -> bool:
        return data[9] > 0

    def hang(_data: bytes) -> bool:
        while True:
            pass

    def swell(_data: bytes) -> bool:
        peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # of everything that this process ever did
        return bool(bytearray(b"x") * (peak_kb * 1024 + 60_000_000))

    assert [found.kind for found in watched(crash).findings] == ["IndexError"]
    assert re.match(r"tests/test_fuzz.py:\d+ crash", watched(crash).findings[0].where)
    one = Watch(Target("planted", BYTES, lambda: [], hang, 0))
    one.run(b"")
    assert {found.kind for found in one.findings} == {"hang"}
    one = Watch(Target("planted", BYTES, lambda: [], swell, 0))
    one.run(b"")
    assert "memory" in {found.kind for found in one.findings}


def test_the_same_seed_changes_an_input_in_the_same_way_and_leaves_the_input_alone() -> None:
    value = {"a": [1, {"b": "c"}], "d": None}
    changed = [[JSON.change(value, Random(number)) for number in range(200)] for _ in range(2)]
    assert repr(changed[0]) == repr(changed[1])
    assert value == {"a": [1, {"b": "c"}], "d": None}
    assert len({repr(one) for one in changed[0]}) > 100
