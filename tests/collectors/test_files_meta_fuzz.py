"""Whatever lies in an export of Meta: posts, or an error in words; never a crash."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.files import read_export
from pantau.core.errors import ImportFileError
from pantau.core.model import Account
from tests.collectors.damage import damaged
from tests.collectors.test_files_fuzz import fuzz, values

ACCOUNTS = [
    Account(platform="instagram", handle="dinas_contoh", unit="1", platform_id="1001"),
    Account(platform="facebook", handle="dinas_contoh", unit="1"),
]
PROFILE = {"profile_user": [{"string_map_data": {"Username": {"value": "dinas_contoh"}}}]}
media = values | st.fixed_dictionaries(
    {}, optional={"uri": values | st.just("m/a.jpg"), "creation_timestamp": values | st.just(5), "thumbnail": values}
)
GOOD: dict[str, Any] = {
    "timestamp": st.just(1_763_600_400),
    "creation_timestamp": st.just(1_763_600_400),
    "title": st.just("\u00c3\u00a9"),
    "media": media | st.lists(media, max_size=2),
    "data": st.just([{"post": "a"}]),
    "attachments": st.builds(lambda one: [{"data": [{"media": one}, one]}], media),
    "label_values": st.just([{"label": "URL", "value": "https://www.instagram.com/p/DAbcdef/"}]),
}
entries = st.fixed_dictionaries({}, optional={name: values | good for name, good in GOOD.items()})


def survives(path: Path, owner: str) -> None:
    try:
        posts = [one.post for one in read_export(path, "meta", ACCOUNTS, owner)]
    except ImportFileError as error:
        refused = error.problems
    else:
        refused = ()
        assert posts
    assert all(problem.file and problem.where and problem.what and problem.remedy for problem in refused)
    if refused:
        return
    for post in posts:
        assert post.account in ("instagram:1001", "facebook:@dinas_contoh")
        assert post.published_at.utcoffset() is not None
        post.text.encode("utf-8")
        assert all(one.url == "" or one.url.startswith(("file:", "https://")) for one in post.media)


@fuzz
@given(st.lists(entries | values, max_size=3), values | st.just(PROFILE), st.sampled_from(["", "instagram:1001"]))
def test_any_json_is_posts_or_an_error_in_words(tmp_path: Path, listed: list[Any], profile: Any, owner: str) -> None:
    for name, content in {
        "content/posts_1.json": listed,
        "content/reels.json": {"ig_reels_media": listed},
        "posts/your_posts_1.json": listed[0] if listed else {},
        "personal_information/personal_information.json": profile,
        "profile_information/profile_information.json": {"profile_v2": profile},
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")
    survives(tmp_path, owner)
    survives(tmp_path / "content" / "posts_1.json", owner)


@fuzz
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"[", b'{"ig_reels_media": [{"media": ', b"\xef\xbb\xbf[", b"<html>"]),
)
def test_random_bytes_are_an_error_in_words(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "posts_1.json"
    path.write_bytes(start + data)
    survives(path, "instagram:1001")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "content/posts_1.json", '[{"media": [{"uri": "a.jpg", "creation_timestamp": 1763600400, "title": "a"}]}]'
        )
        file.writestr("personal_information/personal_information.json", json.dumps(PROFILE))
    return path.read_bytes()


@fuzz
@given(st.data())
def test_a_zip_with_flipped_or_missing_bytes_is_posts_or_an_error_in_words(
    tmp_path: Path, archive: bytes, data: st.DataObject
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(damaged(data, archive))
    survives(path, "")
