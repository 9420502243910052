"""The reader against a local endpoint: what it may do to findings, what leaves the office, what it costs."""

import json
from pathlib import Path

import msgspec
import pytest

from jobs.reading import not_read, took_part
from pantau.checks.reader import reader_rules
from pantau.core.model import Finding
from tests.jobs.reader_support import DAY, catalogue, finding, many, post, read, reader, settings
from tests.servers.reader_server import ReaderServer, find_words, yes

PARIS = "Kopi pagi ditemani senja di Champs-Élysées, alhamdulillah rezeki anak saleh."


@pytest.fixture
def server():
    with ReaderServer() as running:
        yield running


def test_it_opens_a_review_with_the_exact_words_at_their_place(server: ReaderServer) -> None:
    server.judge = find_words({"senja di Champs-Élysées": "FLX"})
    item = post(50, f"🌅 {PARIS}")
    one = reader(server, settings(server))
    (found,) = read(one, [item, *many(3)]).findings
    assert (found.rule_id, found.strength, found.family) == ("reader-flx", "review", "FLX")
    assert (found.unit, found.post, found.subject) == ("OPD-01", item.key, item.text_sha256)
    (evidence,) = found.evidence
    assert evidence.quote == item.text[evidence.start : evidence.end] == "senja di Champs-Élysées"
    assert server.model in evidence.note
    assert one.outcome.prompt in evidence.note
    assert (one.outcome.read, one.outcome.opened, one.outcome.unread) == (4, 1, frozenset())


def test_words_on_a_picture_are_evidence_in_the_picture(server: ReaderServer) -> None:
    server.judge = find_words({"gelas emas": "FLX"})
    item = post(1, "Rapat.", "meja penuh gelas emas")
    (found,) = read(reader(server, settings(server)), [item]).findings
    (evidence,) = found.evidence
    assert evidence.field == "image_text"
    assert item.image_text[evidence.start : evidence.end] == "gelas emas"


def test_it_confirms_a_review_of_another_signal_but_flags_nothing_alone(server: ReaderServer) -> None:
    server.judge = find_words({"Champs-Élysées": "FLX"})
    item, other = post(1, PARIS), post(2, PARIS)
    review = finding(item, "FLX", "rezeki", "review")
    report = read(reader(server, settings(server)), [item, other], [review])
    strengths = {(f.post, f.rule_id): f.strength for f in report.findings}
    assert strengths == {(item.key, "test-flx"): "flag", (other.key, "reader-flx"): "review"}
    confirmed = next(f for f in report.findings if f.post == item.key)
    assert confirmed.key == review.key
    assert confirmed.evidence[0] == review.evidence[0]
    assert confirmed.evidence[1].quote == "Champs-Élysées"
    kept = read(reader(server, settings(server, confirm_review=False)), [item], [review]).findings
    assert kept == [review]


def test_a_review_of_another_family_is_not_confirmed(server: ReaderServer) -> None:
    server.judge = find_words({"Champs-Élysées": "FLX"})
    item = post(1, PARIS)
    report = read(reader(server, settings(server)), [item], [finding(item, "PJD", "Kopi", "review")])
    assert {(f.family, f.strength) for f in report.findings} == {("PJD", "review"), ("FLX", "review")}


def test_it_lowers_a_flag_only_where_the_setting_allows_it_and_never_erases_one(server: ReaderServer) -> None:
    items = [post(1, PARIS), post(2, "NIK warga 331612..., mohon dicek")]
    flags = [finding(items[0], "FLX", "Kopi"), finding(items[1], "DPR", "NIK warga")]
    assert read(reader(server, settings(server)), items, flags).findings == flags
    one = reader(server, settings(server, lower_flag=True))
    lowered = {f.family: f for f in read(one, items, flags).findings}
    assert lowered["FLX"].strength == "review"
    assert "tidak melihat pelanggaran" in lowered["FLX"].evidence[0].note
    assert lowered["DPR"] == flags[1], "personal data is masked before it is read, so the reader cannot clear it"
    assert one.outcome.lowered == 1


@pytest.mark.parametrize(
    "answers",
    [
        [{"family": "FLX", "verdict": "unsure", "quote": "Kopi pagi", "why": "?"}],
        [yes("FLX", "Kopi pagi")],
        [{"family": "-", "verdict": "no", "quote": "", "why": ""}, yes("FLX", "kata yang tidak ada")],
        [yes("BHS", "Kopi pagi")],
    ],
    ids=["unsure", "agrees", "something dropped", "speaks of another family only"],
)
def test_a_flag_stays_unless_the_reader_rules_it_out(server: ReaderServer, answers: list[dict[str, str]]) -> None:
    server.judge = lambda _post: answers
    item = post(1, PARIS)
    flag = finding(item, "FLX", "Kopi")
    report = read(reader(server, settings(server, lower_flag=True)), [item], [flag])
    assert flag in report.findings


def test_nothing_is_opened_where_the_setting_forbids_it_and_a_rule_on_trial_only_logs(server: ReaderServer) -> None:
    server.judge = find_words({"Champs-Élysées": "FLX"})
    assert read(reader(server, settings(server, open_review=False)), [post(1, PARIS)]).findings == []
    rules = tuple(
        msgspec.structs.replace(rule, status="uji") if rule.id == "reader-flx" else rule for rule in catalogue().rules
    )
    trial = msgspec.structs.replace(catalogue(), rules=rules)
    report = read(reader(server, settings(server), rules=trial), [post(1, PARIS)])
    assert report.findings == []
    assert [f.rule_id for f in report.trial] == ["reader-flx"]


def test_a_family_that_is_switched_off_is_not_asked_about(server: ReaderServer) -> None:
    rules = tuple(
        msgspec.structs.replace(rule, status="nonaktif") if rule.id == "reader-spm" else rule
        for rule in catalogue().rules
    )
    read(reader(server, settings(server), rules=msgspec.structs.replace(catalogue(), rules=rules)), many(1))
    assert "- SPM:" not in server.asked()[0]["messages"][0]["content"]
    assert len(reader_rules(catalogue())) == 8


def test_personal_numbers_are_masked_before_they_leave_and_quotes_still_fit(server: ReaderServer) -> None:
    item = post(1, "Pak Budi, NIK 3316124507680003, sakit TBC, telepon 0812-3456-7890, tolong dibantu.")
    server.judge = lambda _post: [yes("DPR", "NIK 331***********03, sakit TBC")]
    (found,) = read(reader(server, settings(server)), [item]).findings
    sent = json.dumps(server.asked())
    assert "3316124507680003" not in sent
    assert "3456-7890" not in sent
    (evidence,) = found.evidence
    assert item.text[evidence.start : evidence.end] == "NIK 3316124507680003, sakit TBC"
    assert evidence.quote == "NIK 331***********03, sakit TBC"


def test_the_request_has_temperature_0_a_schema_and_a_new_fence_each_time(server: ReaderServer) -> None:
    read(reader(server, settings(server, batch_posts=2)), many(4))
    first, second = server.asked()
    assert first["temperature"] == 0
    form = first["response_format"]["json_schema"]
    assert form["strict"]
    item = form["schema"]["properties"]["answers"]["items"]
    assert item["required"] == ["id", "family", "verdict", "quote", "why"]
    assert not item["additionalProperties"]
    fences = {asked["messages"][1]["content"].split(" ")[0] for asked in (first, second)}
    assert len(fences) == 2
    shown = [item.id for asked in (first, second) for item in server.shown(asked)]
    assert len(set(shown)) == 4


def test_only_doubtful_posts_are_read_where_the_setting_says_so(server: ReaderServer) -> None:
    clear, doubted, reviewed, flagged = (post(n, f"{PARIS} {n}") for n in range(4))
    findings = [finding(reviewed, "FLX", "Kopi", "review"), finding(flagged, "FLX", "Kopi")]
    posts = [clear, doubted, reviewed, flagged]
    one = reader(server, settings(server, mode="doubtful"))
    read(one, posts, findings, [doubted])
    assert one.outcome.posts == {doubted.key, reviewed.key}
    one = reader(server, settings(server, mode="doubtful", lower_flag=True))
    read(one, posts, findings, [doubted])
    assert one.outcome.posts == {doubted.key, reviewed.key, flagged.key}


def test_answers_are_kept_by_content_model_and_prompt_and_cost_nothing_again(
    server: ReaderServer, tmp_path: Path
) -> None:
    server.judge = find_words({"Champs-Élysées": "FLX"})
    chosen = settings(server, price_in=1.0, price_out=2.0)
    posts = [post(1, PARIS), *many(30)[1:]]
    first = reader(server, chosen, folder=tmp_path / "reader")
    before = read(first, posts).findings
    requests = server.count()
    assert first.outcome.cost.usd == pytest.approx(requests * (1000 * 1.0 + 100 * 2.0) / 1e6)
    again = reader(server, chosen, folder=tmp_path / "reader")
    assert read(again, posts).findings == before
    assert server.count() == requests
    assert (again.outcome.cached, again.outcome.cost.usd) == (30, 0.0)
    edited = reader(server, chosen, folder=tmp_path / "reader")
    read(edited, [post(1, PARIS + " disunting")])
    assert server.count() == requests + 1
    server.model = "model-lain"
    other = reader(server, settings(server), folder=tmp_path / "reader")
    read(other, posts[:1])
    assert other.outcome.cached == 0


def test_a_torn_or_foreign_cache_is_as_good_as_none(server: ReaderServer, tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    read(reader(server, settings(server), folder=folder), many(3))
    (file,) = folder.glob("*.jsonl")
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    old = folder / "2025-01.jsonl"
    old.write_bytes(b"\xff\x00 not json\n" + whole)
    one = reader(server, settings(server), folder=folder)
    read(one, many(3))
    assert (one.outcome.cached, one.outcome.read) == (2, 3)
    assert not old.exists(), "answers older than 400 days go"
    third = reader(server, settings(server), folder=folder)
    read(third, many(3))
    assert third.outcome.cached == 3
    assert file.stat().st_mode & 0o077 == 0


def test_the_money_of_a_night_is_never_overspent_and_the_rest_is_named(server: ReaderServer) -> None:
    saved: list = []
    chosen = settings(server, batch_posts=2, price_in=1.0, price_out=1.0, max_cost_per_night=0.006)
    one = reader(server, chosen, spent=0.001, saved=saved)
    read(one, many(20))
    assert 0.001 + one.outcome.cost.usd <= 0.006
    assert 0 < one.outcome.read < 20
    assert len(one.outcome.unread) == 20 - one.outcome.read
    assert saved[-1] == one.outcome.cost
    (note,) = not_read(one.outcome)
    assert "batas biaya" in note
    assert f"{len(one.outcome.unread)} unggahan tidak dibacanya" in note


def test_tokens_are_estimated_where_the_server_does_not_count_them(server: ReaderServer) -> None:
    server.usage = None
    one = reader(server, settings(server, price_in=1.0, price_out=1.0))
    read(one, many(2))
    assert 0 < one.outcome.cost.usd < 0.01


def test_the_words_for_the_digest_name_model_prompt_posts_and_cost(server: ReaderServer) -> None:
    assert "tidak dipakai" in took_part(None)
    assert not_read(None) == ()
    one = reader(server, settings(server, price_in=10.0))
    read(one, many(2))
    words = took_part(one.outcome)
    for part in (server.model, one.outcome.prompt, "2 unggahan dibaca (0 dari simpanan)", "0,0100 dolar AS"):
        assert part in words
    assert not_read(one.outcome) == ()


def test_long_captions_are_cut_and_then_clear_nothing(server: ReaderServer) -> None:
    item = post(1, PARIS + " panjang" * 200_000)
    flag = finding(item, "FLX", "Kopi")
    one = reader(server, settings(server, lower_flag=True))
    assert read(one, [item], [flag]).findings == [flag]
    assert len(server.log[0].body) < 40_000


def test_posts_without_words_are_not_sent(server: ReaderServer) -> None:
    one = reader(server, settings(server))
    read(one, [post(1, ""), post(2, " \n ")])
    assert server.count() == 0
    assert one.outcome.unread == frozenset()


def finding_keys(findings: list[Finding]) -> set[str]:
    return {item.key for item in findings}


def test_the_same_reading_gives_the_same_keys_so_that_a_dismissed_one_stays_dismissed(server: ReaderServer) -> None:
    server.judge = find_words({"Champs-Élysées": "FLX"})
    first = read(reader(server, settings(server)), [post(1, PARIS)]).findings
    server.judge = find_words({"rezeki anak saleh": "FLX"})
    second = read(reader(server, settings(server), day=DAY), [post(1, PARIS)]).findings
    assert finding_keys(first) == finding_keys(second)
