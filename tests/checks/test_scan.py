"""The two engines and the cache of compiled phrases."""

import random
from pathlib import Path

import pytest

from pantau.checks.cache import cached, content_key
from pantau.checks.engine import Checker
from pantau.checks.scan import AhoCorasickScanner, HyperscanScanner, has_hyperscan
from tests.checks.material import post, rulebook


@pytest.mark.skipif(not has_hyperscan(), reason="extra not installed")
def test_both_engines_report_the_same_hits():
    rng = random.Random(3)
    literals = sorted({bytes(rng.choices(b"ab`i0", k=rng.randint(1, 5))) for _ in range(300)})
    for _ in range(50):
        text = bytes(rng.choices(b"ab`i0\0", k=400))
        one, two = AhoCorasickScanner(literals).scan(text), HyperscanScanner(literals).scan(text)
        assert one.literals.tolist() == two.literals.tolist()
        assert one.ends.tolist() == two.ends.tolist()
        wanted = {(n, end) for n, word in enumerate(literals) for end in range(401) if text[:end].endswith(word)}
        assert set(zip(one.literals.tolist(), one.ends.tolist(), strict=True)) == wanted


def test_a_scanner_without_literals_finds_nothing():
    assert AhoCorasickScanner([]).scan(b"abc").ends.size == 0


def test_a_checker_from_the_cache_finds_the_same(tmp_path: Path):
    posts = [post(1, "G0BL0K, kamu ora punya otak"), post(2, "Koleksi baru: Rolex #AutoSultan")]
    fresh = Checker(rulebook(), cache_dir=tmp_path).check(posts, {})
    assert len(list(tmp_path.glob("lexicon-*.msgpack"))) == 1
    assert fresh.findings
    assert Checker(rulebook(), cache_dir=tmp_path).check(posts, {}) == fresh == Checker(rulebook()).check(posts, {})


@pytest.mark.parametrize("damage", [b"", b"\x00", b"garbage" * 100])
def test_a_damaged_cache_is_built_anew(tmp_path: Path, damage: bytes):
    Checker(rulebook(), cache_dir=tmp_path)
    (path,) = tmp_path.glob("*.msgpack")
    sound = path.read_bytes()
    path.write_bytes(damage)
    assert Checker(rulebook(), cache_dir=tmp_path).check([post(1, "goblok")], {}).findings
    assert path.read_bytes() == sound


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert Checker(rulebook(), cache_dir=tmp_path / "file").check([post(1, "goblok")], {}).findings


def test_the_cache_keeps_a_few_files_only(tmp_path: Path):
    for number in range(9):
        assert cached(tmp_path, "x", content_key(number), int, lambda number=number: number) == number
    assert len(list(tmp_path.glob("x-*"))) <= 4
    assert cached(tmp_path, "x", content_key(8), int, lambda: -1) == 8


def test_keys_tell_contents_apart():
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})
    assert content_key("1") != content_key(1)
