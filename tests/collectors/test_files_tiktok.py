"""TikTok's data export: own videos only, of every layout known, under the ids that the platform shows later."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.files import read_export
from pantau.core.derived_ids import is_derived
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Account, Post
from tests.random_cases import cases

ACCOUNTS = [
    Account(platform="tiktok", handle="Desa_Contoh", unit="1"),
    Account(platform="tiktok", handle="kec.contoh", unit="2"),
    Account(platform="instagram", handle="desa_contoh", unit="1"),
]
AT = "2026-11-03 10:11:12"
MOMENT = datetime(2026, 11, 3, 10, 11, 12, tzinfo=UTC)
VIDEO_ID = str(int(MOMENT.timestamp()) << 32 | 7)
FILE_LINK = "https://v16m.tiktokcdn.com/abc123/video/tos/alisg/tos-alisg-pve-0037c001/oUx/?a=1233&mime_type=video_mp4"
WATCHED = [{"Date": AT, "Link": "https://www.tiktokv.com/share/video/7000000000000000001/"}]
SECRET = "08123456789"


def video(title: str | None = "Panen raya", link: str = FILE_LINK, **more: Any) -> dict[str, Any]:
    named = {} if title is None else {"Title": title}
    return {"Date": AT, "Link": link, "Likes": "12", "WhoCanView": "Public", "AllowComments": "Yes", **named, **more}


def now(videos: Any, name: str | None = "desa_contoh") -> dict[str, Any]:
    """The layout of 2025 and 2026."""
    profile = {} if name is None else {"userName": name, "telephoneNumber": SECRET}
    return {
        "Comment": {"Comments": {"CommentsList": [{"date": f"{AT} UTC", "comment": "rahasia"}], "App": 1233}},
        "Direct Message": {"Direct Messages": {"ChatHistory": {"Chat History with budi:": [{"Content": "rahasia"}]}}},
        "Likes and Favorites": {"Like List": {"ItemFavoriteList": [{"date": AT, "link": WATCHED[0]["Link"]}]}},
        "Post": {"Posts": {"VideoList": videos}, "Recently Deleted Posts": {"PostList": [video("Dihapus")]}},
        "Profile And Settings": {"Profile Info": {"App": 1233, "ProfileMap": profile}},
        "Your Activity": {"Watch History": {"VideoList": WATCHED}},
    }


def before(videos: Any) -> dict[str, Any]:
    """The layout of 2023 and 2024."""
    return {
        "Activity": {"Video Browsing History": {"VideoList": WATCHED}},
        "Profile": {"Profile Information": {"ProfileMap": {"userName": "desa_contoh", "telephoneNumber": SECRET}}},
        "Video": {"Videos": {"VideoList": videos}},
    }


def oldest(videos: Any) -> dict[str, Any]:
    """As the first downloaders describe it."""
    return {
        "Profile": {"ProfileMap": {"userName": "desa_contoh"}},
        "Activity": {"Video": {"Videos": {"VideoList": videos}}},
    }


def written(folder: Path, data: Any, name: str = "user_data_tiktok.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")
    return path


def posts(path: Path, kind: Any = "auto", owner: str = "") -> list[Post]:
    return [one.post for one in read_export(path, kind, ACCOUNTS, owner)]


def problems(path: Path, kind: Any = "auto", owner: str = "") -> tuple[Problem, ...]:
    with pytest.raises(ImportFileError) as caught:
        read_export(path, kind, ACCOUNTS, owner)
    return caught.value.problems


@pytest.mark.parametrize("layout", [now, before, oldest])
def test_own_videos_of_every_layout_are_read_and_watched_liked_or_deleted_ones_are_not(
    layout: Any, tmp_path: Path
) -> None:
    (post,) = posts(written(tmp_path, layout([video()])), "tiktok")
    assert (post.platform, post.account, post.kind, post.text) == (
        "tiktok",
        "tiktok:@desa_contoh",
        "video",
        "Panen raya",
    )
    assert (post.published_at, post.metrics) == (MOMENT, {"likes": 12})


@pytest.mark.parametrize("packing", ["file", "zip", "folder", "inner"])
def test_the_export_is_found_by_itself_as_a_file_a_zip_or_a_folder(packing: str, tmp_path: Path) -> None:
    path = written(tmp_path, now([video()]), "user_data.json" if packing == "inner" else "user_data_tiktok.json")
    if packing in ("zip", "inner"):
        with zipfile.ZipFile(tmp_path / "TikTok_Data_1764000000.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, "TikTok/user_data.json" if packing == "inner" else path.name)
        path = tmp_path / "TikTok_Data_1764000000.zip"
    assert [post.text for post in posts(tmp_path if packing == "folder" else path)] == ["Panen raya"]


def test_a_renamed_file_is_known_by_what_is_inside(tmp_path: Path) -> None:
    assert len(posts(written(tmp_path, now([video()]), "tiktok desa.json"))) == 1


@pytest.mark.parametrize(
    "link",
    [
        f"https://www.tiktok.com/@desa_contoh/video/{VIDEO_ID}",
        f"https://www.tiktok.com/@desa_contoh/video/{VIDEO_ID}?is_from_webapp=1",
        f"https://www.tiktokv.com/share/video/{VIDEO_ID}/",
        f"https://m.tiktok.com/v/{VIDEO_ID}.html",
        f"https://v16m.tiktokcdn.com/abc/?a=1233&item_id={VIDEO_ID}&mime_type=video_mp4",
    ],
)
def test_the_platforms_id_is_taken_from_the_link_where_it_stands_there(link: str, tmp_path: Path) -> None:
    (post,) = posts(written(tmp_path, now([video(link=link)])))
    assert post.post_id == VIDEO_ID
    assert post.url == f"https://www.tiktok.com/@Desa_Contoh/video/{VIDEO_ID}"


def test_a_series_of_pictures_is_a_post_not_a_video(tmp_path: Path) -> None:
    (post,) = posts(written(tmp_path, now([video(link=f"https://www.tiktok.com/@desa_contoh/photo/{VIDEO_ID}")])))
    assert (post.kind, post.url) == ("post", f"https://www.tiktok.com/@Desa_Contoh/photo/{VIDEO_ID}")


def test_without_an_id_in_the_link_the_post_gets_one_that_is_the_same_in_every_export(tmp_path: Path) -> None:
    same = [video(), video(), video(None), video("Lain", Date="2026-11-04 00:00:01 UTC")]
    first = [post.post_id for post in posts(written(tmp_path, now(same)))]
    assert len(set(first)) == 4
    assert all(map(is_derived, first))
    new_link = [one | {"Link": FILE_LINK + "&x=2", "Likes": "99"} for one in same]
    assert [post.post_id for post in posts(written(tmp_path, before(new_link)))] == first
    assert {post.url for post in posts(written(tmp_path, now(same)))} == {""}


@pytest.mark.parametrize("seen", ["Friends", "Only me", "Private", "FollowersOnly"])
def test_videos_that_are_not_public_are_passed_over(seen: str, tmp_path: Path) -> None:
    path = written(tmp_path, now([video("Umum"), video("Tertutup", WhoCanView=seen)]))
    assert [post.text for post in posts(path)] == ["Umum"]


def test_an_account_that_is_not_registered_is_named_and_nothing_is_taken_in(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, now([video()], "orang_lain")))
    assert problem.value == "@orang_lain"
    assert SECRET not in str(problem)


def test_whose_export_it_is_can_be_told_by_the_links_or_by_the_office(tmp_path: Path) -> None:
    linked = f"https://www.tiktok.com/@kec.contoh/video/{VIDEO_ID}"
    assert posts(written(tmp_path, now([video(link=linked)], None)))[0].account == "tiktok:@kec.contoh"
    path = written(tmp_path, now([video()], None))
    (problem,) = problems(path)
    assert "--account tiktok:" in problem.remedy
    assert posts(path, "auto", "tiktok:kec.contoh")[0].account == "tiktok:@kec.contoh"
    (problem,) = problems(path, "auto", "tiktok:entah")
    assert problem.where == "--account"
    (problem,) = problems(path, "auto", "instagram:desa_contoh")
    assert problem.where == "--account"
    (problem,) = problems(written(tmp_path, now([video()])), "auto", "tiktok:kec.contoh")
    assert "milik @desa_contoh" in problem.what


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (json.dumps(now([video()]))[:-40], "terpotong"),
        (json.dumps({"Post": {"Posts": {"Liste": []}}, "Profile And Settings": {}}), "bagian unggahan"),
        (json.dumps({"Your Activity": {"Watch History": {"VideoList": WATCHED}}}), "bagian unggahan"),
        (json.dumps(now([video(Date="kemarin")])), "tanpa tanggal"),
        (json.dumps(now(["bukan objek"])), "tanpa tanggal"),
        (json.dumps(now(None)), "tidak ada unggahan"),
        ("{", "terpotong"),
    ],
)
def test_a_broken_or_partial_file_says_what_is_wrong_and_what_to_do(content: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "user_data_tiktok.json"
    path.write_text(content)
    (problem,) = problems(path)
    assert word in problem.what
    assert problem.remedy
    assert SECRET not in str(problem)


def test_an_export_as_plain_text_is_refused_with_the_way_to_a_readable_one(tmp_path: Path) -> None:
    path = tmp_path / "TikTok_Data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Post/Posts.txt", "Date: 2026-11-03 10:11:12 UTC\nLink: ...")
    (problem,) = problems(path)
    assert "pilih format JSON" in problem.what


def test_a_file_too_large_for_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.files_tiktok.MAX_EXPORT_BYTES", 100)
    (problem,) = problems(written(tmp_path, now([video()])))
    assert "lebih besar" in problem.what


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([AT, FILE_LINK, "userName"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Date", "date", "Link", "Likes", "Title", "VideoList", "ProfileMap", "userName", "WhoCanView"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=cases(50, 1000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.dictionaries(
        st.sampled_from(["Post", "Video", "Videos", "Activity", "Profile", "Profile And Settings"]),
        st.dictionaries(
            st.sampled_from(["Posts", "Videos", "Profile Info", "Profile Information", "VideoList", "ProfileMap"]),
            _JSON,
        )
        | _JSON,
    )
)
def test_whatever_stands_in_the_file_gives_posts_or_problems_in_words(data: Any, tmp_path: Path) -> None:
    path = written(tmp_path, data)
    wrong: tuple[Problem, ...] = ()
    found: list[Post] = []
    try:
        found = posts(path, "tiktok")
    except ImportFileError as error:
        wrong = error.problems
    assert all(problem.what and problem.remedy for problem in wrong)
    assert all(post.platform == "tiktok" and post.published_at.tzinfo for post in found)
    assert bool(found) != bool(wrong)
