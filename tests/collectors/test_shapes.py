"""The expected shapes of answers: the local servers keep to them, and what differs is named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.registry import COLLECTORS
from collectors.shapes import Seen, compare, documents, learn, load
from pantau.core.exchange import Difference, Exchange
from tests.renew_shapes import FIXTURES, RECORDED, all_exchanges


def answer(endpoint: str, body: bytes, status: int = 200) -> Exchange:
    return Exchange(
        method="GET", url="https://layanan.example/", sent_headers={}, status=status, headers={}, body=body, elapsed_s=0.1,
        endpoint=endpoint,
    )  # fmt: skip


def test_local_servers_answer_in_the_expected_shapes_and_every_endpoint_is_met() -> None:
    exchanges = [one for some in all_exchanges() for one in some]
    odd = [difference for difference in compare(exchanges) if difference.kind != "absent"]
    assert not odd, "a local server or a shape has changed; if the change is right: make shapes"
    met = {one.endpoint for one in exchanges if one.endpoint and one.status == 200}
    only_recorded = {"x.usage", "instagram.web_profile_info"}
    assert set(load()) - only_recorded <= met
    services = {"facebook": "graph", "website": ""}
    assert {services.get(platform, platform) for platform in COLLECTORS} - {""} <= {name.split(".")[0] for name in met}


@pytest.mark.parametrize("endpoint", RECORDED)
def test_recordings_of_the_services_hold_no_field_that_the_shapes_do_not_know(endpoint: str) -> None:
    for name in RECORDED[endpoint]:
        found = compare([answer(endpoint, (FIXTURES / name).read_bytes())])
        assert not [one for one in found if one.kind in ("unknown", "type")]


def test_every_kind_of_difference_is_named_by_its_path() -> None:
    shapes = load()
    assert shapes["x.search"]["data[].created_at"] == "str"
    post = {"id": 5, "text": "a", "edit_history_tweet_ids": ["5"], "author_id": "1", "lang": "in", "baru": {"dalam": 1}}
    post["public_metrics"] = {"like_count": 1, "quote_count": 1, "reply_count": 1, "retweet_count": 1}
    found = compare([answer("x.search", json.dumps({"data": [post], "meta": {"result_count": 1}}).encode())])
    assert [one for one in found if one.kind != "absent"] == [
        Difference("x.search", "data[].baru", "unknown", 1, ("object",)),
        Difference("x.search", "data[].created_at", "missing", 1, (), ("str",)),
        Difference("x.search", "data[].id", "type", 1, ("number",), ("str",)),
    ]
    assert Difference("x.search", "data[].note_tweet", "absent", 1, (), ("object",)) in found


def test_refusals_pages_and_broken_answers_are_held_to_no_shape() -> None:
    for body in (b"", b"<html></html>", b'{"data": [', b"\xff", b"3", b"[" * 100_000):
        assert compare([answer("x.search", body)]) == []
    assert compare([answer("x.search", b'{"errors": [{"apa": 1}]}', 503)]) == []
    assert documents("youtube.feed", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') == []
    assert [one.kind for one in compare([answer("x.baru", b"{}")])] == ["unknown"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), values), min_size=1, max_size=4))
def test_whatever_a_shape_was_learnt_from_conforms_to_it(bodies: list[dict[str, Any]]) -> None:
    seen = Seen()
    for body in bodies:
        seen.add(body)
    shape = learn(seen, Seen())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collectors.shapes.load", lambda: {"uji.satu": shape})
        for body in bodies:
            assert not [one for one in compare([answer("uji.satu", json.dumps(body).encode())]) if one.kind != "absent"]
        assert compare([answer("uji.satu", json.dumps(body).encode()) for body in bodies]) == []
