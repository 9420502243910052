"""Exports of Instagram and Facebook as Meta hands them out: old and new layouts, packed or not, with their broken letters."""

import hashlib
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.files import read_export
from collectors.files_meta_text import repaired
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Account, Post

ACCOUNTS = [
    Account(platform="instagram", handle="dinas_contoh", unit="1", platform_id="1001"),
    Account(platform="instagram", handle="desa_lain", unit="2"),
    Account(platform="facebook", handle="DinasContoh", unit="1"),
]
AT = 1_763_600_400
"""2025-11-20T01:00:00Z"""
EMOJI = "Jalan sudah dicor 👷🏽‍♂️ – terima kasih, café “Kita”"


def meta(text: str) -> str:
    """Text as Meta writes it: one character per byte of UTF-8."""
    return text.encode("utf-8").decode("latin-1")


def ig(text: str = "Layanan", at: int = AT, *uris: str, **more: Any) -> dict[str, Any]:
    media = [{"uri": uri, "creation_timestamp": at, "title": ""} for uri in uris or ("media/posts/202511/a.jpg",)]
    if len(media) == 1:
        return {"media": [{**media[0], "title": meta(text)}], **more}
    return {"media": media, "title": meta(text), "creation_timestamp": at, **more}


def fb(text: str = "Layanan", at: int = AT, *uris: str, **more: Any) -> dict[str, Any]:
    media = [{"media": {"uri": uri, "creation_timestamp": at, "description": "lain"}} for uri in uris]
    found: dict[str, Any] = {"timestamp": at, "title": meta("Dinas Contoh menambahkan foto baru."), **more}
    if text:
        found["data"] = [{"post": meta(text)}, {"update_timestamp": at}]
    if media:
        found["attachments"] = [{"data": media}]
    return found


def ig_owner(handle: str, label: str = "Username") -> dict[str, Any]:
    return {"profile_user": [{"title": "", "string_map_data": {label: {"href": "", "value": handle, "timestamp": 0}}}]}


def export(folder: Path, **files: Any) -> Path:
    """Files by their path, ``__`` for a slash and ``_json`` at the end left out."""
    for name, content in files.items():
        write(folder, name.replace("__", "/") + ".json", content)
    return folder


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def zipped(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + str(file.relative_to(folder)))
    return target


def posts(path: Path, owner: str = "", kind: Any = "auto") -> list[Post]:
    return [one.post for one in read_export(path, kind, ACCOUNTS, owner)]


def problems(path: Path, owner: str = "", kind: Any = "auto") -> tuple[Problem, ...]:
    with pytest.raises(ImportFileError) as caught:
        read_export(path, kind, ACCOUNTS, owner)
    return caught.value.problems


OWNER = "personal_information/personal_information/personal_information.json"


@pytest.mark.parametrize(
    "place",
    [
        "your_instagram_activity/content/posts_1.json",
        "your_instagram_activity/media/posts_1.json",
        "content/posts_1.json",
    ],
)
def test_an_instagram_export_is_the_same_in_every_layout_packed_or_not(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "instagram-dinas"
    write(folder, place, [ig(EMOJI, AT, "media/posts/1.jpg", "media/posts/2 b.mp4"), ig("Satu", AT + 60)])
    write(folder, OWNER, ig_owner("Dinas_Contoh"))
    first, second = posts(folder)
    assert [first, second] == posts(zipped(folder, tmp_path / "a.zip"))
    assert (first.text, first.account, first.kind) == (EMOJI, "instagram:1001", "post")
    assert first.published_at == datetime(2025, 11, 20, 1, 0, tzinfo=UTC)
    assert [(one.kind, one.url) for one in first.media] == [("image", "file:media/posts/1.jpg"), ("video", "")]
    assert second.text == "Satu"
    inside = posts(zipped(folder, tmp_path / "b.zip", "ekspor baru/"))
    assert inside[0].media[0].url == "file:ekspor%20baru/media/posts/1.jpg"
    assert [post.post_id for post in inside] == [first.post_id, second.post_id]


def test_reels_and_other_videos_are_posts_and_a_reel_listed_twice_is_one(tmp_path: Path) -> None:
    reel = ig("Pelayanan keliling", AT, "media/reels/r.mp4")
    reel["media"][0]["thumbnail"] = {"uri": "media/reels/r.jpg"}
    export(
        tmp_path,
        your_instagram_activity__media__posts_1=[ig("Satu"), reel],
        your_instagram_activity__media__posts_2=[ig("Dua", AT + 5)],
        your_instagram_activity__media__reels={"ig_reels_media": [reel]},
        your_instagram_activity__media__igtv_videos={"ig_igtv_media": [ig("Tiga", AT + 9, "v.mp4")]},
        your_instagram_activity__media__other_content={"ig_other_media": [ig("Empat", AT + 10)]},
        your_instagram_activity__media__stories={"ig_stories": [{"uri": "s.jpg", "creation_timestamp": AT}]},
        your_instagram_activity__media__archived_posts={"ig_archived_post_media": [ig("Arsip")]},
    )
    write(tmp_path, OWNER, ig_owner("dinas_contoh", "Nama Pengguna"))
    found = posts(tmp_path)
    assert sorted(post.text for post in found) == ["Dua", "Empat", "Pelayanan keliling", "Satu", "Tiga"]
    (video,) = [post for post in found if post.text.startswith("Pelayanan")]
    assert (video.kind, video.media[0].url) == ("video", "file:media/reels/r.jpg")


def test_two_posts_of_one_second_stay_two_and_keep_their_ids_in_the_next_export(tmp_path: Path) -> None:
    listed = [ig("", AT, "a.jpg"), ig("", AT, "b.jpg"), ig("Lain", AT, "c.jpg")]
    one = export(tmp_path / "1", content__posts_1=listed)
    two = export(tmp_path / "2", content__posts_1=[*listed, ig("Baru", AT + 99)])
    before, after = (posts(folder, "instagram:@dinas_contoh") for folder in (one, two))
    assert len({post.post_id for post in before}) == 3
    assert {post.post_id for post in before} < {post.post_id for post in after}


def test_a_newer_export_that_names_addresses_gives_the_ids_under_which_posts_are_read_live(tmp_path: Path) -> None:
    labels = [
        {"label": "Keterangan", "value": meta("Rapat – pagi")},
        {
            "label": "URL",
            "value": "https://www.instagram.com/reel/DAbc-12_x/",
            "href": "https://www.instagram.com/reel/DAbc-12_x/",
        },
    ]
    entry = {"timestamp": AT, "media": [{"uri": "media/a.jpg"}], "label_values": labels, "fbid": "17900"}
    export(tmp_path, your_instagram_activity__media__posts_1=[entry])
    (post,) = posts(tmp_path, "instagram:dinas_contoh")
    assert (post.post_id, post.text) == ("DAbc-12_x", "Rapat – pagi")
    assert post.url == "https://www.instagram.com/reel/DAbc-12_x/"


@pytest.mark.parametrize(
    "place",
    [
        "this_profile's_activity_across_facebook/posts/profile_posts_1.json",
        "your_facebook_activity/posts/your_posts__check_ins__photos_and_videos_1.json",
        "your_activity_across_facebook/posts/your_posts_1.json",
        "posts/page_posts_1.json",
    ],
)
def test_a_facebook_export_gives_the_page_s_own_words_and_pictures(tmp_path: Path, place: str) -> None:
    shared = fb(
        "", AT + 1, attachments=[{"data": [{"external_context": {"url": "https://x.example", "name": "Judul"}}]}]
    )
    video = fb("Video", AT + 2, "posts/media/v.mp4")
    video["attachments"][0]["data"][0]["media"]["thumbnail"] = {"uri": "posts/media/v.jpg"}
    caption_only = fb("", AT + 3, "posts/media/k.jpg")
    write(tmp_path, place, [fb(EMOJI, AT, "posts/media/1.jpg", "posts/media/2.jpg"), shared, video, caption_only])
    profile = {"profile_v2": {"name": {"full_name": "Dinas"}, "profile_uri": "https://www.facebook.com/dinascontoh"}}
    write(tmp_path, "personal_information/profile_information/profile_information.json", profile)
    first, link, clip, caption = posts(tmp_path)
    assert (first.text, first.account) == (EMOJI, "facebook:@dinascontoh")
    assert [one.url for one in first.media] == ["file:posts/media/1.jpg", "file:posts/media/2.jpg"]
    assert (link.text, link.kind) == ("", "repost")
    assert (clip.kind, clip.media[0].url) == ("video", "file:posts/media/v.jpg")
    assert caption.text == "lain"


def test_exports_of_both_platforms_in_one_folder_go_to_their_own_accounts(tmp_path: Path) -> None:
    write(tmp_path, "ig/content/posts_1.json", [ig("Satu")])
    write(tmp_path, f"ig/{OWNER}", ig_owner("dinas_contoh"))
    write(tmp_path, "ig2/content/posts_1.json", [ig("Dua")])
    write(tmp_path, f"ig2/{OWNER}", ig_owner("desa_lain"))
    write(tmp_path, "fb/posts/your_posts_1.json", [fb("Tiga")])
    write(tmp_path, "fb/profile_information/profile_information.json", {"profile": {"username": "DinasContoh"}})
    assert {post.text: post.account for post in posts(tmp_path)} == {
        "Satu": "instagram:1001",
        "Dua": "instagram:@desa_lain",
        "Tiga": "facebook:@dinascontoh",
    }


def test_one_file_and_a_single_post_without_a_list_are_read_when_the_account_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "posts_1.json", [ig("Satu")])
    assert [post.text for post in posts(path, "instagram:dinas_contoh")] == ["Satu"]
    (problem,) = problems(path)
    assert "--account instagram:nama_akun" in problem.remedy
    alone = write(tmp_path / "b", "content/posts_1.json", ig("Sendiri"))
    assert [post.text for post in posts(alone.parent.parent, "instagram:dinas_contoh")] == ["Sendiri"]


def test_an_export_of_another_account_is_not_taken_for_the_named_one(tmp_path: Path) -> None:
    write(tmp_path, "content/posts_1.json", [ig()])
    write(tmp_path, OWNER, ig_owner("desa_lain"))
    (problem,) = problems(tmp_path, "instagram:dinas_contoh")
    assert "desa_lain" in problem.what
    (problem,) = problems(tmp_path, "facebook:dinascontoh")
    assert "bukan facebook" in problem.what
    (problem,) = problems(tmp_path, "instagram:tidak_ada")
    assert "daftar akun" in problem.what
    write(tmp_path, OWNER, ig_owner("orang_pribadi"))
    (problem,) = problems(tmp_path)
    assert (problem.value, problem.where) == ("@orang_pribadi", "pemilik unduhan instagram")


def test_account_given_for_a_file_that_names_its_owner_itself_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", "{}")
    (problem,) = problems(path, "instagram:dinas_contoh")
    assert problem.where == "--account"


def test_an_html_export_is_refused_with_how_to_ask_for_json(tmp_path: Path) -> None:
    write(tmp_path / "a", "your_instagram_activity/media/posts_1.html", "<html></html>")
    write(tmp_path / "a", "start_here.html", "<html></html>")
    for path in (tmp_path / "a", zipped(tmp_path / "a", tmp_path / "a.zip")):
        (problem,) = problems(path)
        assert "HTML" in problem.what
        assert "pilih JSON" in problem.remedy


def test_a_part_of_an_export_without_posts_says_which_part_is_wanted(tmp_path: Path) -> None:
    write(tmp_path / "a", OWNER, ig_owner("dinas_contoh"))
    (problem,) = problems(zipped(tmp_path / "a", tmp_path / "a.zip"))
    assert "posts_1.json" in problem.remedy


@pytest.mark.parametrize(
    "content", ['[{"media": [', "[1]", '{"a": 1}', "[{}]", '"a"', "\ufeff[", '[{"timestamp": "x"}]']
)
def test_a_broken_file_is_named_with_its_place(tmp_path: Path, content: str) -> None:
    write(tmp_path, "content/posts_1.json", content)
    (problem,) = problems(tmp_path, "instagram:dinas_contoh")
    assert "content/posts_1.json" in problem.where
    assert "JSON" in problem.remedy


def test_media_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    uris = ("../../rahasia.jpg", "/etc/a.jpg", "http://10.0.0.1/a.jpg", "https://cdn.example/a.jpg", "media/a?#.jpg")
    export(tmp_path, content__posts_1=[ig("a", AT, *uris)])
    (post,) = posts(tmp_path, "instagram:dinas_contoh")
    assert [one.url for one in post.media] == ["", "", "", "https://cdn.example/a.jpg", "file:media/a%3F%23.jpg"]


def test_the_raw_entry_is_kept_as_meta_wrote_it(tmp_path: Path) -> None:
    export(tmp_path, content__posts_1=[ig(EMOJI)])
    (item,) = read_export(tmp_path, "auto", ACCOUNTS, "instagram:dinas_contoh")
    assert json.loads(item.raw) == ig(EMOJI)
    assert item.post.raw_sha256 == hashlib.sha256(item.raw).hexdigest()


@given(st.text())
def test_any_text_comes_back_as_it_was_published(text: str) -> None:
    assert repaired(meta(text)) == text.replace("\x00", "\ufffd")


@given(st.text(alphabet=st.characters(min_codepoint=0x100, exclude_categories=["Cs"]), min_size=1), st.text())
def test_text_that_is_right_already_is_left_alone(beyond: str, text: str) -> None:
    right = (text + beyond).replace("\x00", "")
    assert repaired(right) == right


@pytest.mark.parametrize("text", ["", "Layanan", "café", "naïve façade", "Ünïcödé", "½ harga", "«kutipan»", "é"])
def test_accents_of_western_languages_are_no_broken_letters(text: str) -> None:
    assert repaired(text) == text


def test_a_sign_cut_in_half_is_marked_and_a_half_pair_is_made_storable() -> None:
    assert repaired(meta("👍 ok 👍")[:-2]) == "👍 ok \ufffd"
    assert repaired("a\ud83d") == "a\ufffd"


def test_a_big_export_is_read_without_holding_it_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    with (tmp_path / "posts_1.json").open("w") as file:
        file.write("[" + ",".join(json.dumps(ig("kata " * 1000, AT + n)) for n in range(3_000)) + "]")
    tracemalloc.start()
    assert sum(1 for _ in read_export(tmp_path / "posts_1.json", "auto", ACCOUNTS, "instagram:dinas_contoh")) == 3_000
    assert tracemalloc.get_traced_memory()[1] < 20_000_000 < (tmp_path / "posts_1.json").stat().st_size + 6_000_000
    tracemalloc.stop()
