"""The local X answers as the documentation says, so that what passes against it means something."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.collectors.x_support import NIGHT, Clock
from tests.servers.x_feed import FakeXAccount, FakeXPost
from tests.servers.x_server import XServer

HOUR = timedelta(hours=1)


def _get(server: XServer, path: str, **query: object) -> requests.Response:
    params: Any = {name.replace("__", "."): value for name, value in query.items()}
    return requests.get(
        server.url + path, params=params, headers={"Authorization": f"Bearer {server.token}"}, timeout=5
    )


def _iso(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_posts_are_looked_up_by_the_id_of_any_version_and_deleted_ones_are_named() -> None:
    edited = FakeXPost("v1", NIGHT - 2 * HOUR, edits=[(NIGHT - HOUR, "v2")])
    gone = FakeXPost("hilang", NIGHT - 3 * HOUR, deleted_at=NIGHT - HOUR)
    with XServer([FakeXAccount("dinas_air", 11, [edited, gone])], now=Clock().now) as server:
        body = _get(server, "/2/tweets", ids=f"{edited.id},{gone.id}").json()
        assert [item["text"] for item in body["data"]] == ["v2"]
        assert len(body["data"][0]["edit_history_tweet_ids"]) == 2
        assert [(error["resource_type"], error["value"]) for error in body["errors"]] == [("tweet", str(gone.id))]
        assert server.posts_billed == 1


def test_only_the_fields_asked_for_are_sent() -> None:
    with XServer([FakeXAccount("dinas_air", 11, [FakeXPost("a" * 300, NIGHT - HOUR)])], now=Clock().now) as server:
        plain = _get(server, "/2/users/11/tweets").json()["data"][0]
        full = _get(server, "/2/users/11/tweets", tweet__fields="note_tweet,author_id").json()["data"][0]
    assert set(plain) == {"id", "text", "edit_history_tweet_ids"}
    assert len(plain["text"]) == 280
    assert full["note_tweet"]["text"] == "a" * 300


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("recent", {"query": "from:" + "a" * 8 + " OR from:b" * 60}),
        ("all", {"query": "from:" + "a" * 8 + " OR from:b" * 110}),
        ("recent", {"query": "from:dinas.air"}),
        ("recent", {"query": "pajak from:a"}),
        ("recent", {"query": "from:a", "start_time": _iso(NIGHT - timedelta(days=8))}),
        ("recent", {"query": "from:a", "since_id": "1990000000000000000"}),
        ("all", {"query": "from:a", "since_id": "1990000000000000000", "start_time": _iso(NIGHT - HOUR)}),
        ("all", {"query": "from:a", "end_time": _iso(NIGHT)}),
        ("all", {"query": "from:a", "start_time": _iso(NIGHT - HOUR), "end_time": _iso(NIGHT - 2 * HOUR)}),
        ("all", {"query": "from:a", "max_results": 501}),
        ("recent", {"query": "from:a", "max_results": 9}),
    ],
)
def test_what_x_refuses_is_refused(path: str, query: dict[str, Any]) -> None:
    with XServer([FakeXAccount("a", 11)], now=Clock().now) as server:
        answer = _get(server, f"/2/tweets/search/{path}", **query)
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/invalid-request")


def test_the_limit_counts_down_and_begins_anew_after_its_window() -> None:
    clock = Clock()
    with XServer([FakeXAccount("a", 11)], now=clock.now, limits={"search_all": 2}) as server:
        answers = [_get(server, "/2/tweets/search/all", query="from:a") for _ in range(3)]
        assert [answer.headers.get("x-rate-limit-remaining") for answer in answers] == ["1", "0", "0"]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2].headers["x-rate-limit-reset"]) == int((NIGHT + timedelta(minutes=15)).timestamp())
        clock.sleep(900)
        assert _get(server, "/2/tweets/search/all", query="from:a").status_code == 200
