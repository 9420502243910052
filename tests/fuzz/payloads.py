"""Targets: the answers of X, Instagram, Facebook, YouTube and TikTok, after their clients turned bytes into objects."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from collectors.base import CollectorError
from collectors.facebook_parse import page_of
from collectors.facebook_parse import parse_post as parse_facebook
from collectors.graph_errors import judge as judge_graph
from collectors.instagram_graph_parse import parse_media
from collectors.instagram_parse import author_of, authors_of, code_time, is_pinned, to_collected
from collectors.tiktok_parse import link_parts, read_video
from collectors.x_errors import absent_posts, account_problems
from collectors.x_errors import judge as judge_x
from collectors.x_parse import items, next_token, parse_post, parse_users
from collectors.youtube_parse import read_channel, read_upload
from collectors.youtube_parse import read_video as read_youtube
from pantau.core.model import Collected
from tests.fuzz.mutations import JSON
from tests.fuzz.posts import FACEBOOK, INSTAGRAM, TIKTOK, YOUTUBE, X, hold
from tests.fuzz.target import Target, recordings

Rows = list[dict[str, Any]]
_NIGHT = datetime(2026, 11, 20, 14, tzinfo=UTC)


def rows_in(*patterns: str, having: Sequence[str]) -> Rows:
    """The objects inside recorded answers that have some keys, however deep they lie."""
    found: dict[str, dict[str, Any]] = {}

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if all(key in value for key in having):
                found[repr(value)] = value
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for body in recordings(*patterns):
        look(body)
    return list(found.values())


def _trimmed(rows: Rows, *parts: str) -> Rows:
    """The rows with only those members that matter to a parser, so that few changes hit what nobody reads; the first as it is."""
    kept = re.compile("|".join(parts))
    return [*rows[:1], *({name: value for name, value in row.items() if kept.search(name)} for row in rows[1:])]


def _x_bodies() -> Rows:
    bodies = [body for body in recordings("x/*.json") if isinstance(body, dict)]
    short = [{**body, "data": body["data"][:1]} if isinstance(body.get("data"), list) else body for body in bodies]
    return [
        *short,
        {
            "data": [
                {
                    "id": "1460323737035677698",
                    "text": "a",
                    "author_id": "77",
                    "edit_history_tweet_ids": ["1460323737035677697"],
                    "note_tweet": {"text": "b"},
                    "referenced_tweets": [{"type": "replied_to", "id": "1"}],
                    "attachments": {"media_keys": ["3_1", "7_2"]},
                    "public_metrics": {"like_count": 3},
                }
            ],
            "meta": {"next_token": "n", "result_count": 1},
        },
        {
            "errors": [
                {
                    "resource_type": "user",
                    "value": "Dinas",
                    "detail": "User has been suspended: [Dinas].",
                    "type": "https://api.twitter.com/2/problems/resource-not-found",
                }
            ]
        },
        {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped"},
    ]


def check_x(body: Any) -> bool:
    """A body as posts, as users, and as a refusal."""
    judged = judge_x(403, body)
    assert str(judged), "a refusal without words"
    if not isinstance(body, Mapping):
        return False
    account_problems(body)
    assert all(isinstance(one, str) for one in absent_posts(body)), "an id that is no text"
    assert isinstance(next_token(body), str), "a token that is no text"
    took = False
    try:
        for item in items(body):
            hold(parse_post(item, X).collected, X)
            took = True
    except CollectorError:
        pass
    try:
        for user in parse_users(body):
            assert user.user_id.isdigit(), "an id that is no number"
            took = True
    except CollectorError:
        pass
    return took


def _web_nodes() -> Rows:
    return [
        *_trimmed(
            rows_in("instagram/*media_info*.json", having=["code", "taken_at"]),
            "^code$|^pk$|taken_at|media_type|caption|^user$|image_versions2|carousel|coauthor|count|pinned|product_type",
        ),
        {
            "code": "DAbc-_123",
            "taken_at": 1790000000,
            "caption": {"text": "a"},
            "user": {"pk": 1001, "username": "dinas.contoh"},
            "media_type": 8,
            "carousel_media": [{"media_type": 2, "image_versions2": {"candidates": [{"url": "https://a"}]}}],
            "coauthor_producers": [{"pk": "7"}],
            "like_count": 1,
            "timeline_pinned_user_ids": [1],
        },
    ]


def check_instagram_web(node: Any) -> bool:
    """A node of the timeline."""
    if not isinstance(node, Mapping):
        return False
    author_of(node)
    list(authors_of(node))
    is_pinned(node)
    try:
        collected = to_collected(node, INSTAGRAM.key)
        hold(collected, INSTAGRAM)
        assert code_time(collected.post.post_id).utcoffset() is not None
    except CollectorError:
        return False
    return True


def _once(parse: Callable[[Mapping[str, Any], str], Collected | None], account: Any) -> Callable[[Any], bool]:
    """A check of a parser that takes one object and may raise ``CollectorError`` only."""

    def check(item: Any) -> bool:
        try:
            collected = parse(item if isinstance(item, Mapping) else {}, account.key)
        except CollectorError:
            return False
        if collected is not None:
            hold(collected, account)
        return collected is not None

    return check


def check_facebook(item: Any) -> bool:
    """A post of a page, and whose it is."""
    if isinstance(item, Mapping):
        assert isinstance(page_of(item), str)
    return _once(parse_facebook, FACEBOOK)(item)


def _sent(value: Any) -> Any:
    """A value as our own clients decode it: strict JSON. Raises ``msgspec.DecodeError``."""
    return msgspec.json.decode(JSON.pack(value))


def check_youtube(item: Any) -> bool:
    """One item as a channel, as an entry of a list and as a video."""
    try:
        row = _sent(item)
    except (msgspec.DecodeError, RecursionError):
        return False
    took = False
    try:
        assert read_channel(row).channel_id.startswith("UC")
        took = True
    except CollectorError:
        pass
    try:
        upload = read_upload(row)
        assert upload is None or upload.published.utcoffset() is not None
        took = took or upload is not None
    except CollectorError:
        pass
    try:
        hold(read_youtube(row, YOUTUBE.key, _NIGHT), YOUTUBE)
        took = True
    except CollectorError:
        pass
    return took


def check_tiktok(item: Any) -> bool:
    """A video of the Display API."""
    try:
        row = _sent(item)
    except (msgspec.DecodeError, RecursionError):
        return False
    if isinstance(row, dict):
        link_parts(row.get("share_url"))
    return _once(lambda one, key: read_video(one, key, TIKTOK.handle), TIKTOK)(row)


def check_refusal(body: Any) -> bool:
    """An error body of Meta's Graph API."""
    error = judge_graph(400, body, "Facebook")
    assert str(error)
    assert error.action
    return bool(error.code)


def _refusals() -> Rows:
    bodies = [body for body in recordings("facebook/*error*.json", "instagram/*.json") if isinstance(body, dict)]
    errors = [{"error": {"message": "nonexisting field", "code": 100, "error_subcode": 33, "is_transient": False}}]
    return [*errors, *(body for body in bodies if "error" in body)]


def _videos() -> Rows:
    number = str(1790000000 << 32)
    return [
        {
            "id": number,
            "create_time": 1790000000,
            "title": "Panen...",
            "video_description": "Panen raya",
            "view_count": 5,
            "share_url": f"https://www.tiktok.com/@desa_contoh/video/{number}?utm=1",
            "cover_image_url": "https://a/b.jpg",
            "duration": 9,
        },
        {
            "id": "7000000000000000001",
            "create_time": 1629849600,
            "share_url": "https://www.tiktok.com/@a.b/photo/7000000000000000001",
        },
    ]


TARGETS = (
    Target("x", JSON, _x_bodies, check_x, 1_000_000),
    Target("instagram-web", JSON, _web_nodes, check_instagram_web, 1_000_000),
    Target(
        "instagram-graph",
        JSON,
        lambda: rows_in("instagram/*.json", having=["permalink", "timestamp"]),
        _once(parse_media, INSTAGRAM),
        1_000_000,
    ),
    Target(
        "facebook",
        JSON,
        lambda: _trimmed(
            rows_in("facebook/*.json", having=["id", "created_time"]),
            "id|time|message|attach|picture|share|from|type|url",
        ),
        check_facebook,
        1_000_000,
    ),
    Target(
        "youtube",
        JSON,
        lambda: rows_in("documented/youtube*.json", "youtube/*.json", having=["id", "snippet"]),
        check_youtube,
        1_000_000,
    ),
    Target("tiktok", JSON, _videos, check_tiktok, 1_000_000),
    Target("graph-refusals", JSON, _refusals, check_refusal, 300_000),
)
