"""The engine: what it finds, where exactly, and that neither blocks nor engines nor hostile posts change it."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pantau.checks import judge
from pantau.checks.catalogue import Catalogue, Rule, WordSet
from pantau.checks.engine import BLOCK_POSTS, Checker, CheckReport
from pantau.checks.fold import fold_skeletons, utf8
from pantau.checks.kinds import lexicon as lexicon_kind
from pantau.checks.scan import has_hyperscan
from pantau.core.model import Evidence, Finding, Post, StoredTexts
from tests.checks.material import DAY, HOSTILE, NOON, caption, disguise, post, rulebook
from tests.checks.oracle import Oracle
from tests.checks.test_verdict import shipped
from tests.random_cases import cases

ENGINES = ["ac", pytest.param("hs", marks=pytest.mark.skipif(not has_hyperscan(), reason="extra not installed"))]


def catalogue(
    *rules: Rule, lists: dict[str, tuple[str, ...]] | None = None, slang: dict[str, str] | None = None
) -> Catalogue:
    return Catalogue(rules=rules, lists=lists or {}, slang=slang or {}, on=DAY)


def rule(**fields: object) -> Rule:
    base = Rule(
        id="try-me",
        family="BHS",
        kind="lexicon",
        level="rendah",
        status="aktif",
        version=1,
        what="x",
        why="x",
        basis="x",
        since=DAY,
        message="Perlu dicek.",
    )
    return msgspec.structs.replace(base, **fields)


def words(*entries: str, **fields: object) -> Rule:
    return rule(sets=(WordSet(entries),), **fields)


def quotes(found: Rule | Catalogue, text: str, image_text: str = "") -> list[str]:
    held = found if isinstance(found, Catalogue) else catalogue(found)
    report = Checker(held).check([post(1, text, image_text)], {})
    assert not report.failures
    return [item.quote for finding in report.findings for item in finding.evidence]


def flat(report: CheckReport) -> set[tuple[str, Finding]]:
    return {("finding", item) for item in report.findings} | {("trial", item) for item in report.trial}


def captions(seed: int, count: int) -> list[Post]:
    rng = random.Random(seed)
    return [post(n, caption(rng), caption(rng, 4) if n % 5 == 0 else "") for n in range(count)]


@pytest.mark.parametrize("engine", ENGINES)
def test_findings_are_those_of_the_reference(engine, monkeypatch):
    monkeypatch.setattr(judge, "MAX_EVIDENCE", 10_000)
    oracle, posts = Oracle(rulebook()), captions(7, 250)
    report = Checker(rulebook(), engine).check(posts, {})
    fields = ("text", "image_text")
    found = {(f.post, f.rule_id, fields.index(e.field), e.start, e.end) for f in report.findings for e in f.evidence}
    lost = {
        (c.post, c.rule_id, fields.index(c.evidence.field), c.evidence.start, c.evidence.end) for c in report.cancelled
    }
    expected = [(item.key, *oracle.check(item)) for item in posts]
    assert found == {(key, *hit) for key, hits, _ in expected for hit in hits}
    assert lost == {(key, *hit) for key, _, hits in expected for hit in hits}
    assert len(found) > 200
    assert lost


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_the_size_of_blocks_changes_nothing(engine, size):
    posts = [*captions(11, 230), *(post(1000 + n, text) for n, text in enumerate(HOSTILE.values()))]
    plain = Checker(rulebook()).check(posts, {})
    assert plain.findings
    assert Checker(rulebook(), engine, block_posts=size).check(posts, {}) == plain


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()), max_size=80), max_size=4))
@settings(max_examples=cases(30, 500), deadline=None)
def test_any_post_can_be_checked_and_quoted_words_are_the_published_ones(parts):
    text = " goblok ".join(parts)
    report = Checker(rulebook()).check([post(1, text)], {})
    assert not report.failures
    for finding in report.findings:
        for item in finding.evidence:
            assert item.quote == text[item.start : item.end]


@pytest.mark.parametrize(
    "text", ["pesta banjir ", "pesta joget banjir kalian tidak ngerti g*bl*k ", "banjir " * 20 + "pesta "]
)
def test_a_long_text_full_of_hits_stops_no_rule(text):
    report = Checker(rulebook()).check([post(1, text * (300_000 // len(text)))], {})
    assert not report.failures
    assert report.findings


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_posts_neither_crash_nor_hang(name):
    began = time.process_time()
    report = Checker(rulebook()).check([post(1, HOSTILE[name], HOSTILE[name][::-1]), post(2, "goblok")], {})
    assert not report.failures
    assert any(finding.post == "x:2" for finding in report.findings)
    assert time.process_time() - began < 10


def test_an_insult_at_the_end_of_a_long_text_is_found():
    text = "kami pesta di rumah sakit, koleksi baru, warga banjir. " * 4_000 + "goblok"
    report = Checker(rulebook()).check([post(1, text)], {})
    assert not report.failures
    assert [item.start for f in report.findings if f.rule_id == "insult" for item in f.evidence] == [len(text) - 6]


def test_a_megabyte_of_insults_is_one_finding_with_five_quotes():
    report = Checker(rulebook()).check([post(1, "dasar goblok " * 90_000)], {})
    assert not report.failures
    insults = [finding for finding in report.findings if finding.rule_id == "insult"]
    assert len(insults) == 1
    assert [item.quote for item in insults[0].evidence] == ["goblok"] * 5


@pytest.mark.parametrize(
    ("published", "quoted"),
    [
        ("Dasar G0BL0K!!", "G0BL0K"),
        ("dasar g.o.b.l.o.k.", "g.o.b.l.o.k"),
        ("dasar g o b l o k banget", "g o b l o k"),
        ("dasar 𝗴𝗼𝗯𝗹𝗼𝗸 kamu", "𝗴𝗼𝗯𝗹𝗼𝗸"),
        ("dasar gooobloookkk!", "gooobloookkk"),
        ("dasar go\u200bblok", "go\u200bblok"),
        ("dasar goblok\u0301 ya", "goblok\u0301"),
        ("dasar go-blok", "go-blok"),
        ("dasar gob.lok", "gob.lok"),
        ("dasar gobIok", "gobIok"),
        ("dasar gob1ok", "gob1ok"),
        ("dasar g*bl*k!", "g*bl*k"),
        ("dasar *g*bl*k*", "g*bl*k"),
        ("dasar gobl**", "gobl**"),
        ("#DasarGoblok", "Goblok"),
        ("dasar goblok2", "goblok"),
        ("🇮🇩goblok🇮🇩", "goblok"),
        ("@goblok", "goblok"),
        ("Go\u0301blok", "Go\u0301blok"),
    ],
)
def test_a_disguised_insult_is_quoted_as_published(published, quoted):
    assert quotes(words("goblok"), published) == [quoted]


@given(st.integers(0, 10**6))
@settings(max_examples=cases(20, 300), deadline=None)
def test_quoted_words_fold_to_a_phrase_of_the_rule(seed):
    phrases = ["jam tangan mewah", "goblok", "auto sultan", "balik modal"]
    known = {skeleton.replace(b"`", b"") for skeleton in fold_skeletons(phrases)}
    rng = random.Random(seed)
    text = " ".join(disguise(rng, rng.choice(phrases)) for _ in range(6))
    for finding in Checker(catalogue(words(*phrases, family="FLX"))).check([post(1, text)], {}).findings:
        for item in finding.evidence:
            assert fold_skeletons([item.quote])[0].replace(b"`", b"") in known


def test_an_at_sign_may_stand_for_the_first_letter_of_an_insult():
    assert quotes(words("anjing"), "dasar @njing") == ["@njing"]
    assert quotes(words("anjing", family="FLX"), "dasar @njing") == []


@pytest.mark.parametrize(
    "text",
    [
        "Desa Beganjing dan Tegalgoblokan",
        "goblo k",
        "gob lok",
        "g*****",
        "gob/lok",
        "gob.\nlok",
        "*goblo*",
        "g lo bok",
    ],
)
def test_what_only_resembles_an_insult_is_none(text):
    assert quotes(words("goblok", "anjing"), text) == []


@pytest.mark.parametrize(
    ("phrase", "text"), [("balik", "baik"), ("baik", "balik"), ("iain", "Lain"), ("maaf", "maf"), ("soal", "sial")]
)
def test_words_with_the_same_skeleton_are_told_apart(phrase, text):
    assert quotes(words(phrase), text) == []
    assert quotes(words(phrase), phrase.upper()) == [phrase.upper()]


def test_a_phrase_does_not_run_over_the_end_of_a_sentence():
    mewah = words("mobil dinas")
    assert quotes(mewah, "Naik mobil. Dinas hadir") == []
    assert quotes(mewah, "Naik mobil\n\nDinas hadir") == []
    assert quotes(mewah, "Naik mobil\ndinas") == ["mobil\ndinas"]
    assert quotes(mewah, "mobil... dinas, mobil, dinas") == ["mobil... dinas", "mobil, dinas"]


def test_slang_spellings_are_found_without_being_written():
    held = catalogue(words("yang tidak mampu", "suka"), slang={"yg": "yang", "gak": "tidak", "sk": "suka"})
    assert quotes(held, "Yg gak mampu minggir, SK terlampir") == ["Yg gak mampu"]


def test_phrases_are_found_in_hashtags_however_they_are_written():
    brag = words("auto sultan", family="FLX")
    assert quotes(brag, "#AutoSultan #autosultan #auto_sultan #AUTOSULTAN") == [
        "AutoSultan",
        "autosultan",
        "auto_sultan",
        "AUTOSULTAN",
    ]
    assert quotes(brag, "#GayaAutoSultanBanget") == ["AutoSultan"]


def test_exact_words_match_only_as_written():
    exact = rule(sets=(WordSet(exact=("GG", "slot88", "p3k")),))
    assert quotes(exact, "gg GG ggg g1g g g, #gg") == ["gg", "GG", "gg"]
    assert quotes(exact, "slot88 SLOT88 slot8 s1ot88 P3K p-3-k") == ["slot88", "SLOT88", "P3K"]


def test_short_words_are_not_confused_with_codes():
    assert quotes(words("pek", "ses", family="FLX"), "P3K S3S pek") == ["pek"]
    assert quotes(words("asu"), "A5U a.s.u asuuu") == ["A5U", "a.s.u", "asuuu"]


def test_entries_of_many_alternatives_match_every_combination():
    entry = "{kalau|nek|yen} {tidak|ora|gak} {suka|seneng} {ya|silakan|} {pindah|minggir} {saja|wae|}"
    held = words(entry)
    for text in ("Kalau tidak suka pindah", "nek ora seneng ya minggir wae", "YEN GAK SUKA, silakan pindah saja"):
        assert quotes(held, f"{text}!") == [text]
    assert quotes(held, "kalau tidak suka. Pindah saja") == []
    assert quotes(held, "kalau suka pindah saja") == []


def test_the_longest_phrase_at_a_place_is_the_evidence():
    assert quotes(words("rumah", "rumah mewah", "mewah sekali"), "rumah mewah sekali") == ["rumah mewah"]


def test_an_exception_that_overlaps_a_hit_takes_it_away():
    held = words("emas", "medali", excepts=WordSet(("medali emas", "generasi emas")))
    assert quotes(held, "Medali emas, Generasi Emas 2045, cincin emas") == ["emas"]


def test_a_place_name_takes_away_what_lies_inside_it_but_no_longer_phrase():
    held = catalogue(words("kutukan", "kutukan rakyat"), lists={"place-names": ("{desa|kel} kutukan",)})
    assert quotes(held, "Desa Kutukan; kutukan; desa kutukan rakyat") == ["kutukan", "kutukan rakyat"]


def test_a_requirement_counts_words_and_may_stand_in_the_picture_only_when_anywhere_is_allowed():
    near = rule(sets=(WordSet(("rolex",)),), require=(judge_context("baru", 2),))
    assert quotes(near, "Rolex saya baru") == ["Rolex"]
    assert quotes(near, "Rolex milik saya baru") == []
    assert quotes(near, "Rolex", "baru") == []
    anywhere = rule(sets=(WordSet(("rolex",)),), require=(judge_context("baru", 0),))
    assert quotes(anywhere, "Rolex", "baru") == ["Rolex"]


def judge_context(word: str, within_words: int):
    from pantau.checks.catalogue import Context

    return Context(WordSet((word,)), within_words)


def test_a_cancelled_hit_is_kept_apart_with_what_cancelled_it():
    held = catalogue(rule(sets=(WordSet(("rolex",)),), cancel=(judge_context("lelang", 0),)))
    report = Checker(held).check([post(1, "Lelang Rolex sitaan")], {})
    assert report.findings == []
    assert [(item.post, item.evidence) for item in report.cancelled] == [
        ("x:1", Evidence(field="text", start=7, end=12, quote="Rolex", cancelled_by="Lelang"))
    ]


def near_rule(**fields: object) -> Rule:
    return rule(kind="near", sets=(WordSet(("pesta",)), WordSet(("banjir",))), within_words=3, **fields)


def test_two_sets_near_each_other_are_quoted_from_first_to_last_word():
    assert quotes(near_rule(), "Banjir? Kami tetap pesta! Lalu pulang") == ["Banjir? Kami tetap pesta"]
    assert quotes(near_rule(), "Banjir? Kami sih tetap saja pesta") == []
    assert quotes(near_rule(ordered=True), "Banjir, kami pesta") == []
    assert quotes(near_rule(ordered=True), "Pesta saat banjir") == ["Pesta saat banjir"]
    assert quotes(near_rule(), "pesta", "banjir") == []


def test_a_third_set_may_stand_between_the_other_two():
    held = rule(kind="near", sets=(WordSet(("rumah",)), WordSet(("mewah",)), WordSet(("kita",))), within_words=3)
    assert quotes(held, "Rumah kita mewah") == ["Rumah kita mewah"]
    assert quotes(held, "Rumah mewah") == []


def pattern_rule(*patterns: str, **fields: object) -> Rule:
    return rule(kind="pattern", family="DPR", patterns=patterns, **fields)


def test_patterns_run_on_the_light_text_and_quote_their_group():
    held = pattern_rule(r"\bnik:? ?(?P<hit>\d{16})\b", validate="nik")
    text = "NIK: 𝟑𝟑𝟒𝟗𝟎𝟏𝟒𝟓𝟎𝟕𝟔𝟖𝟎𝟎𝟎𝟑!"
    report = Checker(catalogue(held)).check([post(1, text)], {})
    (item,) = report.findings[0].evidence
    assert (item.start, item.end) == (5, 21)
    assert item.quote == "𝟑𝟑𝟒***********𝟎𝟑"
    assert quotes(held, "NIK 3349019907680003") == []


def test_a_pattern_is_found_in_every_part_of_a_long_text():
    held = pattern_rule(r"kode \d{4}")
    text = "".join(f"{'kata ' * 390}kode {1000 + n} " for n in range(8))
    assert quotes(held, text) == [f"kode {1000 + n}" for n in range(5)]
    report = Checker(catalogue(held)).check([post(1, "x" * 1_995 + " kode 1234 " + "y" * 3_000)], {})
    assert [item.quote for item in report.findings[0].evidence] == ["kode 1234"]


def test_a_pattern_without_any_fixed_part_is_still_tried_everywhere():
    assert quotes(pattern_rule(r"\b[a-c]{2} [x-z]{2}\b"), "kata ab xy") == ["ab xy"]
    assert quotes(pattern_rule(r"^awal", r"akhir$"), "Awal dan akhir") == ["Awal", "akhir"]


def test_a_masked_rule_never_shows_the_whole_number_anywhere():
    held = pattern_rule(r"rek (?P<hit>\d{10,15})", mask=True)
    report = Checker(catalogue(held)).check([post(1, "rek 1234567890123")], {})
    assert "1234567890123" not in repr(report)
    assert report.findings[0].evidence[0].quote == "123********23"


def test_personal_numbers_are_masked_in_quotes_of_any_rule():
    held = rule(kind="near", sets=(WordSet(("nik",)), WordSet(("lihat",))), within_words=9)
    assert quotes(held, "NIK 3349014507680003 lihat") == ["NIK 334***********03 lihat"]


def test_rules_on_trial_find_without_being_shown_and_switched_off_ones_do_not_run():
    held = catalogue(words("goblok", status="uji"), words("tolol", id="off", status="nonaktif"))
    report = Checker(held).check([post(1, "goblok tolol")], {})
    assert report.findings == []
    assert [finding.rule_id for finding in report.trial] == ["try-me"]


def test_a_rule_out_of_season_does_not_run():
    assert quotes(catalogue(words("coblos", until=DAY - timedelta(days=1))), "coblos") == []
    assert quotes(catalogue(words("coblos", since=DAY + timedelta(days=1))), "coblos") == []
    assert quotes(catalogue(words("coblos", until=DAY)), "coblos") == ["coblos"]


def test_a_crashing_rule_is_named_and_the_others_go_on(monkeypatch):
    find = lexicon_kind.find

    def crash(compiled, view):
        if compiled.rule.id == "insult":
            raise ValueError("NIK 3349014507680003")
        return find(compiled, view)

    monkeypatch.setattr(lexicon_kind, "find", crash)
    report = Checker(rulebook()).check([post(1, "goblok, Koleksi baru: Rolex"), post(2, "babi")], {})
    assert [finding.rule_id for finding in report.findings] == ["luxury", "short-word"]
    assert [failure.rule_id for failure in report.failures] == ["insult"]
    assert "ValueError" in report.failures[0].what
    assert "3349014507680003" not in report.failures[0].what


def test_a_rule_that_takes_too_long_is_stopped_and_named():
    ticks = iter(range(1_000_000))
    held = catalogue(pattern_rule(r"\d{6}"), words("goblok", id="other"))
    report = Checker(held, timer=lambda: next(ticks)).check([post(n, "123456") for n in range(9)], {})
    assert [failure.rule_id for failure in report.failures] == ["try-me"]
    assert "terlalu lambat" in report.failures[0].what
    assert len(report.findings) < 9


def test_a_slow_pattern_is_stopped_in_the_middle_of_a_long_post(monkeypatch):
    monkeypatch.setattr(judge, "BUDGET_S", 0.3)
    held = catalogue(pattern_rule(r"[a-z]*!?[a-z]{0,40}#"))
    began = time.process_time()
    report = Checker(held).check([post(1, "a" * 60_000)], {})
    assert [failure.rule_id for failure in report.failures] == ["try-me"]
    assert time.process_time() - began < 3


def test_findings_are_complete_and_in_the_defined_order():
    later = msgspec.structs.replace(post(3, "tolol"), published_at=NOON + timedelta(hours=1), url="https://x.test/3")
    report = Checker(catalogue(words("goblok", "tolol"))).check([later, post(2, "goblok")], {"x:1": "U1"})
    assert [finding.post for finding in report.findings] == ["x:2", "x:3"]
    finding = report.findings[1]
    assert (finding.unit, finding.account, finding.url) == ("U1", "x:1", "https://x.test/3")
    assert finding.subject == later.text_sha256
    assert (finding.message, finding.basis, finding.strength) == ("Perlu dicek.", "x", "flag")


def test_posts_are_read_block_by_block():
    taken = 0

    def stream() -> Iterator[Post]:
        nonlocal taken
        for number in range(2_000):
            taken += 1
            yield post(number, "goblok")

    blocks = Checker(rulebook()).check_blocks(stream(), {})
    first = next(blocks)
    assert first.posts == taken == BLOCK_POSTS
    assert sum(report.posts for report in blocks) == 2_000 - BLOCK_POSTS


def stored(posts: list[Post]) -> list[StoredTexts]:
    return [StoredTexts(item.key, utf8(item.text), utf8(item.image_text)) for item in posts]


def test_stored_texts_give_the_findings_of_their_posts_and_only_suspects_are_fetched():
    posts = [*captions(13, 600), *(post(1000 + n, text) for n, text in enumerate(HOSTILE.values()))]
    held, asked = {item.key: item for item in posts}, list[str]()

    def fetch(keys: Sequence[str]) -> dict[str, Post]:
        asked.extend(keys)
        return {key: held[key] for key in keys}

    reports = list(Checker(rulebook()).check_stored(stored(posts), fetch, {"x:1": "U1"}))
    plain = Checker(rulebook()).check(posts, {"x:1": "U1"})
    assert {finding.unit for finding in plain.findings} == {"U1"}
    assert set().union(*map(flat, reports)) == flat(plain)
    assert {finding.post for finding in plain.findings} <= set(asked)
    assert len(asked) == len(set(asked)) < len(posts)


def test_a_post_that_was_purged_meanwhile_is_passed_over():
    posts = [post(n, "goblok") for n in range(3)]
    held = {item.key: item for item in posts[1:]}
    for checker in (Checker(rulebook()), Checker(shipped())):
        (report,) = checker.check_stored(stored(posts), lambda keys: held, {})
        assert {finding.post for finding in report.findings} == {"x:1", "x:2"}
        assert not report.failures


def test_no_posts_give_an_empty_report():
    assert Checker(rulebook()).check([], {}) == CheckReport()
    assert Checker(catalogue()).check([post(1, "goblok")], {}).findings == []
