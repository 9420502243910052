"""Whatever the endpoint does: a visible note, never an exception, never a lost finding."""

import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from jobs.reading import not_read, took_part
from pantau.core.model import Finding, Post
from tests.jobs.reader_support import finding, many, post, read, reader, settings
from tests.servers.base import (
    Fault,
    Reply,
    broken_off,
    dropped,
    html_reply,
    json_reply,
    redirect_reply,
    stalled,
    truncated,
)
from tests.servers.reader_server import NOTHING, ReaderServer, completion, find_words, yes

BAD = "Rolex baru hadiah istri, bangga sekali."


@pytest.fixture
def server():
    with ReaderServer(find_words({"Rolex": "FLX"})) as running:
        yield running


def posts_and_flags() -> tuple[list[Post], list[Finding]]:
    posts = [post(100, BAD), *many(5)]
    return posts, [finding(posts[0], "FLX", "Rolex"), finding(posts[1], "BHS", "posyandu", "review")]


NEVER = {
    "refused for good (401)": (json_reply({}, 401), "kuncinya"),
    "no money left (402)": (json_reply({}, 402), "saldo"),
    "forbidden (403)": (json_reply({}, 403), "akses"),
    "model missing (404)": (json_reply({"error": {"message": "model not found"}}, 404), "model"),
    "busy (429)": (json_reply({}, 429), "429"),
    "broken (500)": (html_reply(500), "500"),
    "gateway (503)": (html_reply(503), "503"),
    "refuses everything (400)": (json_reply({}, 400), "400"),
    "redirected": (redirect_reply("https://elsewhere.example/"), "302"),
    "html with 200": (html_reply(200), "tidak dapat dipakai"),
    "empty": (Reply(200, b""), "tidak dapat dipakai"),
    "no choices": (json_reply({"choices": []}), "tidak dapat dipakai"),
    "no content": (json_reply({"choices": [{"message": {"content": None}}]}), "tidak dapat dipakai"),
    "content is a list": (json_reply({"choices": [{"message": {"content": [1]}}]}), "tidak dapat dipakai"),
    "prose": (completion("Tentu! Semua unggahan ini baik-baik saja."), "tidak dapat dipakai"),
    "half JSON": (completion('{"answers": [{"id": "a'), "tidak dapat dipakai"),
    "JSON of another form": (completion('{"verdict": "no"}'), "tidak dapat dipakai"),
    "a list": (completion("[]"), "tidak dapat dipakai"),
    "deep nesting": (completion('{"answers": ' + "[" * 100_000), "tidak dapat dipakai"),
    "not UTF-8": (Reply(200, b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), "tidak dapat dipakai"),
    "wrong length": (broken_off(completion("{}")), "terputus"),
    "half of the body": (truncated(completion("{}")), "tidak dapat dipakai"),
    "connection dropped": (dropped(), "terputus"),
    "negative tokens": (completion("{}", {"prompt_tokens": -5}), "tidak dapat dipakai"),
    "too large": (Reply(200, b" " * 5_000_000), "terlalu besar"),
    "nonsense Retry-After": (json_reply({}, 429, {"retry-after": "besok"}), "429"),
}


@pytest.mark.parametrize("name", NEVER)
def test_a_server_that_never_answers_well_costs_no_finding_and_is_named(server: ReaderServer, name: str) -> None:
    reply, reason = NEVER[name]
    server.faults.add(Fault(reply, times=None))
    posts, flags = posts_and_flags()
    one = reader(server, settings(server, lower_flag=True))
    assert read(one, posts, flags).findings == flags
    notes = not_read(one.outcome)
    assert reason in notes[0], notes
    assert "tidak ikut" in notes[0]
    assert "6 unggahan tidak dibacanya" in notes[0]
    assert "tidak ikut" in took_part(one.outcome)
    assert server.count() <= 40
    assert server.key not in " ".join(notes)


def test_a_refused_connection_is_named(server: ReaderServer) -> None:
    posts, flags = posts_and_flags()
    chosen = settings(server, url="http://127.0.0.1:9/v1")
    one = reader(server, chosen)
    assert read(one, posts, flags).findings == flags
    assert "tidak dapat dihubungi" in not_read(one.outcome)[0]


@pytest.mark.parametrize("url", ["http://", "http://host name/", "http://[::1/v1", "http://127.0.0.1:99999/v1"])
def test_an_address_that_is_none_is_named_like_any_other_failure(server: ReaderServer, url: str) -> None:
    posts, flags = posts_and_flags()
    one = reader(server, settings(server, url=url))
    assert read(one, posts, flags).findings == flags
    assert not_read(one.outcome)


def test_a_wrong_model_name_is_named(server: ReaderServer) -> None:
    one = reader(server, settings(server, model="tidak-ada"))
    read(one, many(3))
    assert "model atau alamatnya tidak ada" in not_read(one.outcome)[0]
    assert server.count() == 1


def test_a_wrong_key_is_named_without_showing_it(server: ReaderServer) -> None:
    chosen = settings(server)
    one = reader(server, chosen)
    server.key = "kunci-baru"
    read(one, many(3))
    assert "kunci" in not_read(one.outcome)[0]
    assert "rahasia" not in not_read(one.outcome)[0]


def test_a_stall_ends_at_the_time_limit(server: ReaderServer) -> None:
    server.faults.add(Fault(stalled(30.0), times=None))
    posts, flags = posts_and_flags()
    one = reader(server, settings(server, timeout_s=0.3))
    began = time.monotonic()
    assert read(one, posts, flags).findings == flags
    assert time.monotonic() - began < 5
    assert "tidak menjawab dalam 0.3 detik" in not_read(one.outcome)[0]


def test_a_timeout_counts_against_the_money(server: ReaderServer) -> None:
    server.faults.add(Fault(stalled(30.0), times=None))
    one = reader(server, settings(server, timeout_s=0.2, price_in=1.0))
    read(one, many(1))
    assert one.outcome.cost.usd > 0


def test_after_one_stall_the_rest_of_the_night_is_still_read(server: ReaderServer) -> None:
    server.faults.add(Fault(stalled(30.0)))
    one = reader(server, settings(server, timeout_s=0.5, batch_posts=3))
    read(one, many(9))
    assert (one.outcome.read, one.outcome.unread) == (9, frozenset())


def test_429_waits_as_long_as_the_server_asks(server: ReaderServer) -> None:
    server.faults.add(Fault(json_reply({}, 429, {"retry-after": "7"})))
    naps: list[float] = []
    one = reader(server, settings(server), naps=naps)
    read(one, many(2))
    assert naps == [7.0]
    assert one.outcome.read == 2


def test_429_with_a_date_is_understood(server: ReaderServer) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    server.faults.add(Fault(json_reply({}, 429, {"retry-after": moment})))
    naps: list[float] = []
    read(reader(server, settings(server), naps=naps), many(2))
    assert 25 < naps[0] <= 30


@pytest.mark.parametrize("asked", ["7200", "inf", "1e300"])
def test_a_wait_beyond_the_time_limit_ends_the_reading(server: ReaderServer, asked: str) -> None:
    server.faults.add(Fault(json_reply({}, 429, {"retry-after": asked}), times=None))
    naps: list[float] = []
    one = reader(server, settings(server, deadline_min=10.0), naps=naps)
    read(one, many(40))
    assert naps == []
    assert server.count() == 1
    assert "melewati batas waktu" in not_read(one.outcome)[0]


def test_a_passing_fault_is_tried_again(server: ReaderServer) -> None:
    server.faults.add(Fault(html_reply(502)))
    server.faults.add(Fault(dropped(), first=1))
    one = reader(server, settings(server, retries=2))
    read(one, many(2))
    assert one.outcome.read == 2


@pytest.mark.parametrize(
    ("refused", "form"), [({"json_schema"}, "json_object"), ({"json_schema", "json_object"}, None)]
)
def test_a_server_without_schemas_is_asked_in_a_plainer_form_from_then_on(
    server: ReaderServer, refused: set[str], form: str | None
) -> None:
    server.refused_forms = refused
    one = reader(server, settings(server, batch_posts=2))
    read(one, [post(100, BAD), *many(5)])
    assert (one.outcome.read, one.outcome.opened) == (6, 1)
    forms = [asked.get("response_format", {}).get("type") for asked in server.asked()]
    assert forms[-2:] == [form, form]
    assert len(forms) == 3 + len(refused)


@pytest.mark.parametrize("wrap", ["```json\n{}\n```", "<think>Hm, {id}?</think>\n{}", " \n{} \n"])
def test_an_answer_in_a_code_block_or_after_thoughts_is_read(server: ReaderServer, wrap: str) -> None:
    server.wrap = wrap
    one = reader(server, settings(server))
    read(one, [post(100, BAD)])
    assert one.outcome.opened == 1


def test_one_post_that_spoils_every_answer_costs_only_itself(server: ReaderServer) -> None:
    server.faults.add(Fault(completion("nonsense"), when=lambda request: b"RUSAK" in request.body, times=None))
    posts = [post(100, "RUSAK total"), *many(39), post(101, BAD)]
    one = reader(server, settings(server))
    report = read(one, posts)
    assert one.outcome.unread == {"x:100"}
    assert [f.post for f in report.findings] == ["x:101"]
    assert "hanya ikut sebagian" in not_read(one.outcome)[0]


def test_posts_left_out_of_an_answer_are_asked_about_again(server: ReaderServer) -> None:
    seen: set[str] = set()

    def forgetful(shown):
        first = shown.text not in seen
        seen.add(shown.text)
        return [] if first and "dusun 3" in shown.text else [NOTHING]

    server.judge = forgetful
    one = reader(server, settings(server))
    read(one, many(5))
    assert (one.outcome.read, server.count()) == (5, 2)


def test_the_time_limit_of_the_night_holds(server: ReaderServer) -> None:
    one = reader(server, settings(server, deadline_min=1e-9))
    read(one, many(3))
    assert server.count() == 0
    assert "batas waktu" in not_read(one.outcome)[0]


def test_a_full_disk_stops_nothing(server: ReaderServer, tmp_path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    one = reader(server, settings(server), folder=blocked / "reader")
    report = read(one, [post(100, BAD)])
    assert [f.rule_id for f in report.findings] == ["reader-flx"]


WRONG_ITEMS = {
    "a quote that is not in the text": yes("FLX", "jam tangan Rolex"),
    "a quote in other letters": yes("FLX", "ROLEX"),
    "an empty quote": yes("FLX", ""),
    "a quote of one sign": yes("FLX", "."),
    "an unknown family": yes("XXX", "Rolex"),
    "a family about accounts": yes("AKT", "Rolex"),
    "an unknown verdict": {**yes("FLX", "Rolex"), "verdict": "guilty"},
    "no verdict at all": {"family": "FLX", "quote": "Rolex", "why": ""},
    "one field too many": {**yes("FLX", "Rolex"), "strength": "flag"},
    "an unknown id": {**yes("FLX", "Rolex"), "id": "x-1"},
    "another type": {**yes("FLX", "Rolex"), "why": 7},
    "nothing, but yes": yes("-", "Rolex"),
}


@pytest.mark.parametrize("name", WRONG_ITEMS)
def test_an_item_outside_the_form_is_dropped_and_counted(server: ReaderServer, name: str) -> None:
    server.judge = lambda _post: [NOTHING, WRONG_ITEMS[name]]
    posts, flags = posts_and_flags()
    one = reader(server, settings(server, lower_flag=name != "an unknown id"))
    report = read(one, posts, flags)
    assert report.findings == flags
    assert one.outcome.discarded == len(posts)
    assert f"{len(posts)} jawaban dibuang" in not_read(one.outcome)[0]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nx-slow: "])
def test_an_answer_that_trickles_in_ends_at_the_time_limit(server: ReaderServer, head: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(OSError), connection:
                    connection.recv(65536)
                    connection.sendall(head)
                    for _ in range(200):
                        connection.sendall(b" ")
                        time.sleep(0.02)

    threading.Thread(target=drip, daemon=True).start()
    one = reader(server, settings(server, url=f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout_s=0.4))
    posts, flags = posts_and_flags()
    began = time.monotonic()
    assert read(one, posts, flags).findings == flags
    assert time.monotonic() - began < 4
    assert "tidak menjawab" in not_read(one.outcome)[0]
    listener.close()
