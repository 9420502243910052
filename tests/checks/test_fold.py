"""Folding: what a text becomes, that it can be found again, and that nothing hostile breaks it."""

import random
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.checks.fold import FOLD_VERSION, fold, fold_light, fold_skeletons
from pantau.checks.fold_tables import fold_character
from tests.checks.material import (
    BOLD,
    CIRCLED,
    CYRILLIC,
    FIXTURES,
    FULLWIDTH,
    HOSTILE,
    REGIONAL,
    SMALL_CAPS,
    SQUARED,
    caption,
)
from tests.checks.oracle import Folded
from tests.random_cases import cases

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
NEAR_TEXT = st.text(st.sampled_from("abgikloLI1024758@$!|'`.-_*# \n\u0301\u200b🇮🇩🇬A𝐠éß½"), max_size=40)


def skeleton(text: str) -> str:
    return fold_skeletons([text])[0].decode()


def test_no_character_grows_when_it_is_folded():
    for code in [
        *range(0x3400),
        *range(0xA000, 0xB000),
        *range(0xD7FF, 0xE002),
        *range(0xF900, 0x10000),
        *range(0x1D000, 0x20000),
    ]:
        folded = fold_character(chr(code))
        assert folded.isascii(), hex(code)
        assert len(folded) <= len(chr(code).encode("utf-8", "surrogatepass")), hex(code)
        assert not any(c.isupper() or c in "`\0" for c in folded), hex(code)


@pytest.mark.parametrize(
    "table", [BOLD, FULLWIDTH, CIRCLED, SQUARED, REGIONAL, SMALL_CAPS], ids=lambda t: next(iter(t.values()))
)
def test_letters_of_fancy_alphabets_are_plain_letters(table):
    for letter, fancy in table.items():
        if letter.isalnum():
            assert fold_character(fancy) == letter.lower()


def test_cyrillic_and_greek_letters_count_by_their_shape():
    assert fold_light("".join(CYRILLIC[c] for c in "abeopcyxkmti")) == "abeopcyxkmti"
    assert fold_light("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ") == "abezhikmnoptyx"


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("g0bl0k", "goblok"),
        ("GOBLOK", "goblok"),
        ("goooblokkk", "goblok"),
        ("g.o.b.l.o.k", "goblok"),
        ("g o b l o k", "goblok"),
        ("g-o-b-l-o-k", "goblok"),
        ("g_o_b_l_o_k", "goblok"),
        ("g 0 b l 0 k", "goblok"),
        ("go\u200bb\u0301l\ufe0fo\u2060k", "goblok"),
        ("4nj1n9", "anjing"),
        ("anj!ng", "anjing"),
        ("b@ngs@t", "bangsat"),
        ("to|ol", "tolol"),
        ("bang$at", "bangsat"),
        ("ma'af", "maaf"),
        ("Jum’at", "jumat"),
        ("mobil2", "mobil"),
        ("#MobilMewah", "mobil mewah"),
        ("#ASNHebat", "asn hebat"),
        ("#mobil_mewah", "mobil mewah"),
        ("𝗚𝗼𝗯𝗹𝗼𝗸", "goblok"),
        ("🅶🅾🅱🅻🅾🅺", "goblok"),
        ("ɢᴏʙʟᴏᴋ", "goblok"),
        ("Ɠøƀłǿꝁ", "goblok"),
    ],
)
def test_a_disguised_word_has_the_skeleton_of_the_plain_one(hidden, shown):
    assert skeleton(hidden) == skeleton(shown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2045", "2045"),
        ("Rp250.000", "rp`000"),
        ("slot88", "siot"),
        ("500jt", "jt"),
        ("#gObLoK", "gobiok"),
        ("#DiBlora", "di`biora"),
        ("cepu🇮🇩", "cepu"),
        ("🇮🇩🇲🇾", ""),
        ("info@blora.go.id", "infoabiora`go`id"),
        ("@dinkes", "dinkes"),
        ("Hebat!", "hebat"),
        ("R.A. Kartini", "r`a`kartini"),
    ],
)
def test_what_is_no_disguise_stays_what_it_is(text, expected):
    assert skeleton(text) == expected


def test_a_word_never_grows_together_with_its_neighbours():
    assert skeleton("b o d o h  sekali") == "bodoh`sekai"
    assert skeleton("s l o t  g a c o r") == "siot`gacor"


def test_light_text_keeps_digits_signs_and_lines():
    assert fold_light("Rp2.500.000,-\nNIK: 𝟑𝟑𝟏𝟔") == "rp2.500.000,-\nnik: 3316"


@given(ANY_TEXT)
@settings(max_examples=cases(100, 2000), deadline=None)
def test_blocks_fold_any_text_as_the_reference_does(text):
    assert fold([text]).skeleton.decode() == Folded(text).skeleton


@given(NEAR_TEXT)
@settings(max_examples=cases(150, 2000), deadline=None)
def test_blocks_fold_tricky_text_as_the_reference_does(text):
    assert fold([text]).skeleton.decode() == Folded(text).skeleton


@given(st.lists(st.one_of(ANY_TEXT, NEAR_TEXT), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_texts_of_a_block_do_not_influence_each_other(texts):
    block = fold(texts)
    for level in ("skeleton", "wide", "light", "raw"):
        bounds = block.bounds(level)
        parts = [bytes(getattr(block, level))[bounds[n] : bounds[n + 1] - 1] for n in range(len(texts))]
        assert parts == [bytes(getattr(fold([text]), level)) for text in texts]


@pytest.mark.parametrize("before", ["", "kata " * 12, "#Biasa "])
def test_hashtags_of_any_length_are_cut_wherever_they_stand(before):
    texts = [
        f"{before}#{'MobilMewah' * times}{end}" for times in range(1, 8) for end in ("", "X", " ASN", "#ASNHebat é")
    ]
    block = fold(texts)
    assert block.skeleton.decode().split("\0") == [Folded(text).skeleton for text in texts]
    assert [fold([text]).skeleton for text in texts] == block.skeleton.split(b"\0")
    assert b"`mobi`mewah`mobi`" in fold(["#" + "MobilMewah" * 7]).skeleton


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_folds_like_any_other(name):
    text = HOSTILE[name]
    assert fold([text]).skeleton.decode() == Folded(text).skeleton


def test_a_megabyte_folds_in_a_moment():
    text = "Gobl0k 𝗴𝗼𝗯𝗹𝗼𝗸 #MobilMewah 🇮🇩 b.o.d.o.h " * 26_000
    assert len(text) > 1_000_000
    assert fold([text]).skeleton.count(b"`gobiok") == 52_000


def test_the_corpus_folds_as_it_did_when_the_version_was_set():
    """If this fails on purpose: raise FOLD_VERSION and run ``python -m tests.checks.test_fold``."""
    lines = (FIXTURES / "fold" / "corpus.jsonl").read_bytes().splitlines()
    assert msgspec.json.decode(lines[0]) == {"fold_version": FOLD_VERSION}
    rows = [msgspec.json.decode(line) for line in lines[1:]]
    assert len(rows) >= 300
    block = fold([row["text"] for row in rows])
    skeletons = block.skeleton.decode().split("\0")
    changed = [row["text"] for row, found in zip(rows, skeletons, strict=True) if row["skeleton"] != found]
    assert not changed


def test_every_line_of_the_corpus_agrees_with_the_reference():
    lines = (FIXTURES / "fold" / "corpus.jsonl").read_bytes().splitlines()[1:]
    for row in map(msgspec.json.decode, lines):
        assert Folded(row["text"]).skeleton == row["skeleton"]


def write_corpus() -> None:
    """Write the corpus anew from a fixed seed."""
    rng = random.Random(20261124)
    texts = [text for text in HOSTILE.values() if not any("\ud800" <= c <= "\udfff" for c in text) and len(text) < 400]
    while len(texts) < 360:
        text = caption(rng, 9)
        if not any("\ud800" <= c <= "\udfff" for c in text):
            texts.append(text)
    rows: list[object] = [{"fold_version": FOLD_VERSION}]
    rows += [{"text": text, "skeleton": Folded(text).skeleton} for text in texts]
    path = FIXTURES / "fold" / "corpus.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    sys.stdout.write(f"{path}: {len(rows) - 1} texts\n")


if __name__ == "__main__":
    write_corpus()
