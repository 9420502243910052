import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.base import CollectorError
from collectors.x_parse import id_time, items, next_token, parse_post, parse_users
from pantau.core.model import Account
from tests.random_cases import cases

FIXTURES = Path(__file__).parents[1] / "fixtures" / "x"
ACCOUNT = Account(platform="x", handle="dinas_air", unit="U1", platform_id="11")
POST = {"id": "1990000000000000000", "author_id": "11", "text": "halo", "created_at": "2025-11-16T10:00:00.000Z"}


def _recorded(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FIXTURES / name).read_text("utf-8"))
    return body


def test_every_recorded_post_with_an_author_is_parsed() -> None:
    found = [parse_post(item, ACCOUNT) for item in items(_recorded("search_tweets_query.json"))]
    assert found
    assert all(post.collected.post.published_at.year == 2020 for post in found)
    assert "reply" in {post.collected.post.kind for post in found}


def test_a_recorded_short_page_still_names_the_next_one() -> None:
    body = _recorded("users_tweets.json")
    assert len(items(body)) == 2
    assert next_token(body)


def test_recorded_ids_carry_the_time_that_x_states() -> None:
    for item in items(_recorded("timeline_tweets.json")):
        told = id_time(item["id"])
        assert told is not None
        assert told.replace(microsecond=0) == datetime.fromisoformat(item["created_at"])


def test_recorded_users_are_parsed() -> None:
    users = parse_users(_recorded("users.json"))
    assert [(user.user_id, user.handle, user.protected) for user in users] == [
        ("783214", "Twitter", False),
        ("2244994945", "TwitterDev", False),
    ]


def test_a_post_without_created_at_takes_the_time_of_its_id() -> None:
    post = parse_post({key: value for key, value in POST.items() if key != "created_at"}, ACCOUNT).collected.post
    assert post.published_at == id_time(POST["id"])


@pytest.mark.parametrize("missing", ["id", "author_id", "text"])
def test_a_post_that_lacks_what_every_post_has_is_an_error_and_not_an_empty_post(missing: str) -> None:
    with pytest.raises(CollectorError) as caught:
        parse_post({key: value for key, value in POST.items() if key != missing}, ACCOUNT)
    assert caught.value.unread_class == "format"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"errors": []},
        {"meta": {}},
        {"meta": {"result_count": 3}},
        {"data": {}},
        {"data": [1]},
        {"data": "x"},
        {"data": None},
    ],
)
def test_an_answer_that_does_not_say_it_is_empty_is_never_taken_for_empty(body: dict[str, Any]) -> None:
    with pytest.raises(CollectorError):
        items(body)


def test_an_answer_that_says_it_is_empty_is_empty() -> None:
    assert items({"meta": {"result_count": 0}}) == []


def test_text_loses_nothing_but_what_no_database_takes() -> None:
    post = parse_post({**POST, "text": "a\x00b\ud800c &amp;lt; \U0001f600"}, ACCOUNT).collected.post
    assert post.text == "a�b�c &lt; \U0001f600"


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00+14:00", "kemarin", "", 7, None])
def test_an_unreadable_time_gives_way_to_that_of_the_id(created: object) -> None:
    assert parse_post({**POST, "created_at": created}, ACCOUNT).collected.post.published_at == id_time(POST["id"])


def test_old_ids_carry_no_time() -> None:
    assert id_time("20") is None
    assert id_time("") is None
    assert id_time("١٢٣٤٥٦٧٨٩٠١٢٣٤٥") is None
    assert id_time("9" * 30) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = [
    "id", "author_id", "text", "created_at", "note_tweet", "note_post", "referenced_tweets", "edit_history_tweet_ids",
    "edit_history_post_ids", "attachments", "public_metrics", "in_reply_to_user_id",
]  # fmt: skip


@settings(max_examples=cases(80, 1000), deadline=None)
@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=6))
def test_whatever_x_sends_it_becomes_a_sound_post_or_a_named_error(odd: dict[str, Any]) -> None:
    try:
        post = parse_post({**POST, **odd}, ACCOUNT).collected.post
    except CollectorError:
        return  # anything else that is raised fails the test
    else:
        assert post.published_at.tzinfo is UTC
        assert post.post_id.isdigit()
        post.text.encode("utf-8")
