"""The loader: every mistake at once, each with file, key and remedy."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pantau.checks.catalogue import Catalogue, Context, WordSet
from pantau.checks.load import load_catalogue
from pantau.core.errors import RuleError
from pantau.core.ledgers import Situation
from tests.checks.material import DAY, FIXTURES, rulebook

HEAD = """id = "{id}"
family = "FLX"
kind = "{kind}"
level = "sedang"
status = "aktif"
version = 1
what = "w"
why = "w"
basis = "b"
since = 2020-01-01
message = "m"
false_positives = []
"""
CASES = '[[fires]]\nname = "a"\ntext = "x"\n[[silent]]\nname = "b"\ntext = "y"\n'


def write(
    folder: Path, name: str, body: str, *, kind: str = "lexicon", head: str = HEAD, cases: str | None = CASES
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(head.format(id=name, kind=kind) + body, "utf-8")
    if cases is not None:
        (folder / f"{name}.cases.toml").write_text(cases, "utf-8")
    return path


def load(folder: Path) -> Catalogue:
    return load_catalogue([folder], {}, DAY)


def problems(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(RuleError) as caught:
        load(folder)
    assert all(problem.file and problem.what and problem.remedy for problem in caught.value.problems)
    return [(Path(problem.file).name, problem.where) for problem in caught.value.problems]


def test_a_sound_catalogue_is_sorted_and_complete():
    found = rulebook()
    assert [rule.id for rule in found.rules] == sorted(rule.id for rule in found.rules)
    luxury = found.rule("luxury")
    assert luxury is not None
    assert luxury.sets[0].words[0] == "jam tangan {mewah|mahal}"
    assert luxury.require == (Context(WordSet(("koleksi", "baru", "{punya|milik} saya")), 6),)
    assert luxury.cancel == (Context(WordSet(lists=("ads",))),)
    assert found.lists["ads"] == ("lelang", "barang bukti")
    assert found.slang["yg"] == "yang"
    assert [case.name for case in luxury.cases if case.fires] == ["collection"]
    assert found.rule("nothing") is None


def test_the_version_changes_with_rules_and_lists_but_not_with_cases(tmp_path: Path):
    shutil.copytree(FIXTURES / "rules", tmp_path / "rules")
    before = load(tmp_path / "rules").version
    cases = tmp_path / "rules" / "FLX" / "luxury.cases.toml"
    cases.write_text(cases.read_text("utf-8").replace("Rolex emas", "Rolex perak"), "utf-8")
    assert load(tmp_path / "rules").version == before == rulebook().version
    ads = tmp_path / "rules" / "words" / "ads.txt"
    ads.write_text(ads.read_text("utf-8") + "pegadaian\n", "utf-8")
    assert load(tmp_path / "rules").version != before


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path):
    write(tmp_path, "one", '[match]\nwords = ["{a"]\nlists = ["nowhere"]\nwrong = 1\n')
    write(
        tmp_path, "two", '[match]\nwords = ["a"]\n[[cancel]]\nwithin_words = -1\n', head=HEAD.replace("sedang", "gawat")
    )
    write(tmp_path, "three", "[match\n")
    write(tmp_path, "four", '[match]\nwords = ["a"]\n', cases=None)
    assert sorted(problems(tmp_path)) == sorted(
        [
            ("one.toml", "kunci match.words"),
            ("one.toml", "kunci match.lists"),
            ("one.toml", "kunci match.wrong"),
            ("two.toml", "kunci level"),
            ("two.toml", "kunci cancel[1].within_words"),
            ("two.toml", "kunci cancel[1].words"),
            ("three.toml", "tata tulis"),
            ("four.cases.toml", "berkas"),
        ]
    )


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("level", ""), "kunci level"),
        (('family = "FLX"', 'family = "XXX"'), "kunci family"),
        (('kind = "{kind}"', 'kind = "magic"'), "kunci kind"),
        (('status = "aktif"', 'status = "ya"'), "kunci status"),
        (("version = 1", 'version = "1"'), "kunci version"),
        (("version = 1", "version = true"), "kunci version"),
        (("since = 2020-01-01", 'since = "2020"'), "kunci since"),
        (('basis = "b"', 'basis = " "'), "kunci basis"),
        (('message = "m"\n', ""), "kunci message"),
        (("false_positives = []\n", ""), "kunci false_positives"),
        (("false_positives = []", "false_positives = [1]"), "kunci false_positives"),
        (('why = "w"', 'why = "w"\nmask = 1'), "kunci mask"),
        (('why = "w"', 'why = "w"\nstrength = "strong"'), "kunci strength"),
        (('why = "w"', 'why = "w"\nuntil = 2019-01-01'), "kunci until"),
        (('why = "w"', 'why = "w"\nwhen = 2019-01-01'), "kunci when"),
        (('id = "{id}"', 'id = "other"'), "kunci id"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, change, where):
    old, new = change
    head = HEAD.replace(f'{old} = "sedang"\n', new) if old == "level" else HEAD.replace(old, new)
    write(tmp_path, "one", '[match]\nwords = ["a"]\n', head=head)
    assert problems(tmp_path) == [("one.toml", where)]


@pytest.mark.parametrize(
    ("kind", "body", "where"),
    [
        ("lexicon", "", "kunci match"),
        ("lexicon", "[match]\n", "kunci match.words"),
        ("lexicon", "[[match]]\nwords = ['a']\n", "kunci match"),
        ("lexicon", "[match]\nwords = 'a'\n", "kunci match.words"),
        ("lexicon", "[match]\nwords = ['a']\nfields = ['caption']\n", "kunci match.fields"),
        ("lexicon", "[match]\nwords = ['a']\n[[require]]\n", "kunci require[1].words"),
        ("lexicon", "[match]\nwords = ['a']\n[a]\nwords = ['b']\n", "kunci a"),
        ("near", "[match]\nwithin_words = 2\n[a]\nwords = ['b']\n", "kunci b"),
        ("near", "[match]\n[a]\nwords = ['b']\n[b]\nwords = ['c']\n", "kunci match.within_words"),
        ("near", "[match]\nwithin_words = 0\n[a]\nwords = ['b']\n[b]\nwords = ['c']\n", "kunci match.within_words"),
        ("near", "[match]\nwithin_words = 1\n[a]\nwords = ['b']\n[b]\n", "kunci b.words"),
        ("pattern", "[match]\n", "kunci match.patterns"),
        ("pattern", "[match]\npatterns = ['(a+)+b']\n", "kunci match.patterns[1]"),
        ("pattern", "[match]\npatterns = ['a']\nvalidate = 'magic'\n", "kunci match.validate"),
        ("situation", "[match]\nwords = ['a']\n", "kunci match.situations"),
        ("history", "", "kunci history"),
        ("script", "[match]\nscripts = ['klingon']\nleast_letters = 5\nshare = 0.5\n", "kunci match.scripts"),
        ("script", "[match]\nscripts = ['thai']\nleast_letters = 5\nshare = 2.0\n", "kunci match.share"),
        ("script", "[match]\nscripts = ['thai']\nleast_letters = 5\nshare = true\n", "kunci match.share"),
        ("classifier", "[match]\nwords = ['a']\n[[cancel]]\nwords = ['b']\n", "kunci require/cancel"),
    ],
)
def test_what_a_kind_needs_is_named(tmp_path: Path, kind, body, where):
    write(tmp_path, "one", body, kind=kind)
    assert problems(tmp_path) == [("one.toml", where)]


@pytest.mark.parametrize(
    ("cases", "where"),
    [
        ('[[fires]]\nname = "a"\ntext = "x"\n', "kunci silent"),
        ('[[silent]]\nname = "a"\ntext = "x"\n', "kunci fires"),
        (CASES + '[[silent]]\nname = "a"\ntext = "z"\n', "kunci name"),
        (CASES + '[[silent]]\nname = "c"\n', "kunci silent[2].text"),
        (CASES + '[[silent]]\ntext = "c"\n', "kunci silent[2].name"),
        (CASES + '[[silent]]\nname = "c"\ntext = "c"\nposted_at = 2026-01-01T10:00:00\n', "kunci silent[2].posted_at"),
        (CASES + '[[silent]]\nname = "c"\ntext = "c"\nnote = "c"\n', "kunci silent[2].note"),
        (
            CASES + '[[silent]]\nname = "c"\ntext = "c"\nsituation = {kind = "banjir", start = 2026-01-01}\n',
            "kunci silent[2].situation.end",
        ),
        (CASES + '[[loud]]\nname = "c"\n', "kunci loud"),
    ],
)
def test_wrong_cases_are_named(tmp_path: Path, cases, where):
    write(tmp_path, "one", '[match]\nwords = ["a"]\n', cases=cases)
    assert problems(tmp_path) == [("one.cases.toml", where)]


def test_a_case_may_carry_time_unit_and_situation(tmp_path: Path):
    extra = (
        '[[fires]]\nname = "c"\ntext = "c"\nposted_at = 2026-01-01T10:00:00+07:00\nunit = "U1"\nunit_kind = "desa"\n'
    )
    extra += (
        'strength = "flag"\nsituation = {kind = "duka", start = 2026-01-01, end = 2026-01-02, area_codes = ["U1"]}\n'
    )
    write(tmp_path, "one", '[match]\nwords = ["a"]\n', cases=CASES + extra)
    case = load(tmp_path).rules[0].cases[1]
    assert case.situation == Situation(
        start=date(2026, 1, 1), end=date(2026, 1, 2), area_codes=("U1",), kind="duka", title=""
    )
    assert (case.unit, case.unit_kind, case.strength) == ("U1", "desa", "flag")


def test_the_offices_own_rules_come_on_top(tmp_path: Path):
    write(tmp_path / "own" / "FLX", "own-rule", '[match]\nlists = ["ads", "mine"]\n')
    (tmp_path / "own" / "words").mkdir()
    (tmp_path / "own" / "words" / "mine.txt").write_text("kata kami\n", "utf-8")
    found = load_catalogue([FIXTURES / "rules", tmp_path / "own"], {"own-rule": "uji", "insult": "nonaktif"}, DAY)
    own, shipped = found.rule("own-rule"), found.rule("insult")
    assert own is not None
    assert shipped is not None
    assert (own.own, own.status, shipped.own, shipped.status) == (True, "uji", False, "nonaktif")
    assert found.lists["mine"] == ("kata kami",)
    assert "insult" not in {rule.id for rule in found.active()}
    assert [rule.id for rule in found.active("uji")] == ["own-rule", "slogan"]


def test_an_id_used_twice_and_a_switch_for_no_rule_are_mistakes(tmp_path: Path):
    write(tmp_path / "own", "insult", '[match]\nwords = ["a"]\n')
    with pytest.raises(RuleError) as caught:
        load_catalogue([FIXTURES / "rules", tmp_path / "own"], {}, DAY)
    assert [(problem.where, problem.value) for problem in caught.value.problems] == [("kunci id", "insult")]
    with pytest.raises(RuleError) as caught:
        load_catalogue([FIXTURES / "rules"], {"insulted": "uji"}, DAY)
    assert [(problem.where, problem.value) for problem in caught.value.problems] == [("kunci rules.status", "insulted")]


def test_a_folder_without_rules_is_a_mistake_and_no_clean_bill(tmp_path: Path):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RuleError, match="tidak ada satu pun aturan"):
            load_catalogue([folder], {}, DAY)


def test_a_catalogue_from_the_cache_is_the_same_until_a_file_changes(tmp_path: Path):
    shutil.copytree(FIXTURES / "rules", tmp_path / "rules")
    fresh = load_catalogue([tmp_path / "rules"], {}, DAY, tmp_path / "cache")
    assert load_catalogue([tmp_path / "rules"], {}, DAY, tmp_path / "cache") == fresh == load(tmp_path / "rules")
    assert len(list((tmp_path / "cache").glob("rules-*"))) == 1
    assert load_catalogue([tmp_path / "rules"], {"insult": "uji"}, DAY, tmp_path / "cache").active("uji")
    (tmp_path / "rules" / "words" / "ads.txt").write_text("{lelang\n", "utf-8")
    for _ in range(2):
        with pytest.raises(RuleError, match="kurung kurawal"):
            load_catalogue([tmp_path / "rules"], {}, DAY, tmp_path / "cache")


def test_a_rule_of_the_office_cannot_bring_a_pattern_that_hangs(tmp_path: Path):
    write(tmp_path / "own", "bad", "[match]\npatterns = ['(x+x+)+y']\n", kind="pattern")
    with pytest.raises(RuleError, match="tanpa batas"):
        load_catalogue([FIXTURES / "rules", tmp_path / "own"], {}, DAY)


def test_empty_lists_are_as_good_as_none(tmp_path: Path):
    write(tmp_path, "one", '[match]\nwords = ["a"]\nlists = []\nexact = []\nexcept = []\nexcept_lists = []\n')
    assert load(tmp_path).rules[0].excepts == WordSet()


def test_account_rules_hand_their_parameters_on(tmp_path: Path):
    write(tmp_path, "quiet", '[history]\nstate = "quiet"\n', kind="history", cases=None)
    found = load(tmp_path)
    assert found.rules[0].params == {"state": "quiet"}
    assert found.heads()["quiet"].message == "m"


def test_files_with_a_byte_order_mark_are_read(tmp_path: Path):
    path = write(tmp_path, "one", '[match]\nwords = ["a"]\n')
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [rule.id for rule in load(tmp_path).rules] == ["one"]


def test_a_file_that_is_no_text_is_a_problem_and_no_crash(tmp_path: Path):
    (tmp_path / "one.toml").write_bytes(b"\xff\xfe\x00")
    assert problems(tmp_path) == [("one.toml", "berkas")]
