import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.base import CollectorError
from collectors.instagram_parse import authors_of, caption_of, code_time, is_pinned, published_at, to_collected
from collectors.text import storable
from tests.servers.instagram_shapes import FakeIgAccount, FakeIgPost, media_node

FIXTURES = Path(__file__).parent.parent / "fixtures" / "instagram"
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
KEY = "instagram:1001"


def recorded(name: str) -> dict[str, Any]:
    item: dict[str, Any] = json.loads((FIXTURES / name).read_text("utf-8"))["items"][0]
    return item


def test_a_recorded_album_gives_one_picture_per_page_and_its_caption_as_published() -> None:
    node = recorded("pgrimaud_api_v1_media_info_carousel.json")
    post = to_collected(node, KEY).post
    assert (post.post_id, post.kind, len(post.media)) == ("CAnqPB-Jzcj", "post", 3)
    assert post.text == node["caption"]["text"]
    assert post.url == "https://www.instagram.com/p/CAnqPB-Jzcj/"
    assert post.published_at == datetime.fromtimestamp(1590428694, UTC)
    assert all(media.url.startswith("https://") for media in post.media)


def test_a_recorded_video_shows_its_cover_picture_and_its_counts() -> None:
    post = to_collected(recorded("pgrimaud_api_v1_media_info_video.json"), KEY).post
    assert (post.kind, [media.kind for media in post.media]) == ("video", ["video"])
    assert ".jpg" in post.media[0].url
    assert post.metrics["likes"] == 600190
    assert post.metrics["comments"] == 6741


def test_the_raw_bytes_hold_the_whole_node_but_those_who_liked_it_and_the_post_names_their_hash() -> None:
    import hashlib

    node = recorded("pgrimaud_api_v1_media_info_video.json")
    collected = to_collected(node, KEY)
    assert node["top_likers"]
    assert node["facepile_top_likers"]
    assert json.loads(collected.raw) == node | {"top_likers": [], "facepile_top_likers": []}
    assert collected.post.raw_sha256 == hashlib.sha256(collected.raw).hexdigest()


def test_a_post_without_caption_pictures_or_counts_is_still_a_post() -> None:
    post = to_collected({"code": "DAbc", "taken_at": 1790000000}, KEY).post
    assert (post.text, post.metrics, [media.url for media in post.media]) == ("", {}, [""])


def test_hidden_like_counts_are_left_out_rather_than_taken_for_numbers() -> None:
    node = {"code": "DAbc", "taken_at": 1790000000, "like_count": 3, "like_and_view_counts_disabled": True}
    assert to_collected(node, KEY).post.metrics == {}
    assert to_collected({**node, "like_and_view_counts_disabled": False}, KEY).post.metrics == {"likes": 3}


@pytest.mark.parametrize(
    "broken", [{"code": None}, {"code": "a/../b"}, {"taken_at": None}, {"taken_at": "soon"}, {"taken_at": True}]
)
def test_a_node_without_code_or_time_is_a_format_error(broken: dict[str, Any]) -> None:
    with pytest.raises(CollectorError) as caught:
        to_collected({"code": "DAbc", "taken_at": 1790000000, **broken}, KEY)
    assert caught.value.unread_class == "format"


def test_text_that_no_database_takes_keeps_its_length() -> None:
    node = {"code": "DAbc", "taken_at": 1790000000, "caption": {"text": "a\ud800b\x00c"}}
    assert to_collected(node, KEY).post.text == "a�b�c"


@given(st.text())
def test_storable_text_can_be_encoded_and_moves_nothing(text: str) -> None:
    assert len(storable(text)) == len(text)
    storable(text).encode("utf-8")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_any_value_in_any_field_gives_a_post_or_a_format_error(value: Any) -> None:
    base = recorded("pgrimaud_api_v1_media_info_carousel.json")
    for field in (
        "code",
        "taken_at",
        "caption",
        "carousel_media",
        "image_versions2",
        "user",
        "like_count",
        "product_type",
    ):
        node = {**base, field: value}
        try:
            post = to_collected(node, KEY).post
        except CollectorError:
            continue
        post.text.encode("utf-8")
        list(authors_of(node))


def test_the_time_inside_a_code_is_a_lower_bound_of_the_publication_time() -> None:
    account = FakeIgAccount("dinas_contoh", "1001")
    post = FakeIgPost(NOW)
    code = account.code_of(post)
    assert NOW - timedelta(minutes=3) < code_time(code) <= NOW
    assert abs(code_time("CAnqPB-Jzcj") - datetime.fromtimestamp(1590428694, UTC)) < timedelta(hours=3)
    assert code_time(code + "privatetail0123456789") == code_time(code), "codes of private accounts are longer"


def test_a_collaboration_names_author_and_account() -> None:
    account = FakeIgAccount("dinas_contoh", "1001")
    node = media_node(account, FakeIgPost(NOW, "bersama", author=("2002", "kecamatan_contoh")))
    assert list(authors_of(node)) == ["2002", "1001"]
    assert not is_pinned(node)
    assert published_at(node) == NOW
    assert caption_of(node) == "bersama"


def test_a_reel_has_its_own_address() -> None:
    account = FakeIgAccount("dinas_contoh", "1001")
    post = to_collected(media_node(account, FakeIgPost(NOW, kind="reel", alt="Teks di gambar")), KEY).post
    assert (post.kind, post.url.split("/")[3], post.media[0].alt) == ("video", "reel", "Teks di gambar")
