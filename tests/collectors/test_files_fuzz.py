"""Whatever bytes an office hands in: posts, or an error in words; never a crash."""

import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.files import read_export
from pantau.core.errors import ImportFileError
from pantau.core.model import Account
from tests.collectors.damage import damaged
from tests.random_cases import cases

ACCOUNTS = [
    Account(platform="x", handle="dinas_contoh", unit="1", platform_id="77"),
    Account(platform="instagram", handle="dinas_contoh", unit="1", platform_id="1001"),
]
OWNER = b'window.YTD.account.part0 = [{"account": {"username": "dinas_contoh", "accountId": "77"}}]'
HEAD = b"window.YTD.tweets.part0 = ["
KINDS: tuple[Any, ...] = ("auto", "jsonl", "x-archive", "instaloader")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
post_like = st.fixed_dictionaries(
    {},
    optional={
        name: values | st.just(good)
        for name, good in {
            "platform": "x",
            "post_id": "1",
            "account": "x:77",
            "published_at": "2026-11-20T01:30:00Z",
            "id_str": "5",
            "created_at": "Fri Nov 20 01:30:00 +0000 2026",
            "full_text": "a",
            "edit_info": {"initial": {"editTweetIds": ["5", "6"]}},
            "entities": {"media": [{"type": "photo"}]},
            "text": "b",
            "media": [{"kind": "image"}],
            "metrics": {"likes": 1},
            "shortcode": "DAbc",
            "taken_at_timestamp": 1790000000,
            "owner": {"id": "1001"},
            "edge_sidecar_to_children": {"edges": [{"node": {"is_video": True}}]},
            "edge_media_to_caption": {"edges": [{"node": {"text": "c"}}]},
            "iphone_struct": {"code": "DAbc", "taken_at": 1790000000, "user": {"pk": 1001}},
        }.items()
    },
)
fuzz = settings(
    max_examples=cases(50, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def survives(path: Path, kind: Any) -> None:
    try:
        posts = [one.post for one in read_export(path, kind, ACCOUNTS)]
    except ImportFileError as error:
        refused = error.problems
    else:
        refused = ()
        assert posts
    if refused:
        assert all(problem.file and problem.where and problem.what and problem.remedy for problem in refused)
        return
    for post in posts:
        assert post.account in ("x:77", "instagram:1001")
        assert post.published_at.utcoffset() is not None
        post.text.encode("utf-8")


@fuzz
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PK\x03\x04", b"\xfd7zXZ\x00", b"\xef\xbb\xbf", b"{", HEAD, HEAD + b"{"]),
)
def test_random_bytes_are_an_error_in_words(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(start + data)
    for kind in KINDS:
        survives(path, kind)


@fuzz
@given(st.lists(post_like | values, min_size=1, max_size=3))
def test_any_json_in_any_format_is_posts_or_an_error_in_words(tmp_path: Path, items: list[Any]) -> None:
    path = tmp_path / "a"
    for item in items:
        structure = {"node": item, "instaloader": {"node_type": "Post"}}
        path.write_bytes(lzma.compress(json.dumps(structure).encode(), preset=0))
        survives(path, "auto")
    path.write_text("\n".join(json.dumps(item) for item in items), "utf-8")
    survives(path, "jsonl")
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    (data / "account.js").write_bytes(OWNER)
    (data / "tweets.js").write_bytes(HEAD + json.dumps(items).encode()[1:])
    survives(tmp_path, "auto")
    (data / "note-tweet.js").write_bytes(b"window.YTD.note_tweet.part0 = " + json.dumps(items).encode())
    survives(data / "tweets.js", "auto")
    (data / "note-tweet.js").unlink()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data/account.js", OWNER)
        file.writestr(
            "data/tweets.js", HEAD + b'{"id_str": "5", "created_at": "2026-11-20T01:30:00Z", "full_text": "a"}]'
        )
    return path.read_bytes()


@pytest.mark.parametrize("damage", ["name not in UTF-8", "name without characters"])
def test_a_zip_whose_list_of_names_is_damaged_is_an_error_in_words(tmp_path: Path, damage: str) -> None:
    """Both were found by the test below."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("data/account.js", OWNER)
    whole = bytearray(path.read_bytes())
    directory = whole.rindex(b"PK\x01\x02")
    if damage == "name not in UTF-8":
        whole[directory + 9] = 8  # bit 11 of the flags: names are UTF-8
        whole[directory + 46] = 0x80
    else:
        whole[directory + 28 : directory + 30] = b"\x00\x00"
    path.write_bytes(bytes(whole))
    for kind in ("auto", "x-archive"):
        with pytest.raises(ImportFileError, match="zip"):
            list(read_export(path, kind, ACCOUNTS))


@fuzz
@given(st.data())
def test_a_zip_with_flipped_or_missing_bytes_is_posts_or_an_error_in_words(
    tmp_path: Path, archive: bytes, data: st.DataObject
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(damaged(data, archive))
    for kind in ("auto", "x-archive"):
        survives(path, kind)
