import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors import files_x_folder
from collectors.files import read_export
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Account, Post

ACCOUNTS = [Account(platform="x", handle="Dinas_Contoh", unit="1", platform_id="77")]
OWNER = [{"account": {"username": "dinas_contoh", "accountId": "77", "accountDisplayName": "Dinas Contoh"}}]


def js(kind: str, data: Any, part: int = 0) -> str:
    return f"window.YTD.{kind}.part{part} = " + json.dumps(data, indent=2, ensure_ascii=False)


def tweet(number: int, text: str = "Layanan", **more: Any) -> dict[str, Any]:
    base = {
        "id_str": str(number),
        "full_text": text,
        "created_at": "Fri Nov 20 01:30:00 +0000 2026",
        "favorite_count": "3",
    }
    return {"tweet": {**base, "retweet_count": "1", **more}}


def folder_archive(folder: Path, tweets: Any, **files: str) -> Path:
    data = folder / "data"
    data.mkdir(parents=True)
    (data / "account.js").write_text(js("account", OWNER), "utf-8")
    (data / "tweets.js").write_text(tweets if isinstance(tweets, str) else js("tweets", tweets), "utf-8")
    for name, content in files.items():
        (data / name.replace("_js", ".js").replace("_", "-")).write_text(content, "utf-8")
    return folder


def zipped(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, prefix + str(file.relative_to(folder)))
    return target


def posts(path: Path, kind: Any = "auto") -> list[Post]:
    return [one.post for one in read_export(path, kind, ACCOUNTS)]


def problems(path: Path, kind: Any = "auto") -> tuple[Problem, ...]:
    with pytest.raises(ImportFileError) as caught:
        read_export(path, kind, ACCOUNTS)
    return caught.value.problems


def test_an_archive_is_the_same_packed_unpacked_or_as_one_file(tmp_path: Path) -> None:
    media = {"media": [{"type": "photo", "media_url_https": "https://media.invalid/a.jpg", "ext_alt_text": "papan"}]}
    folder = folder_archive(
        tmp_path / "a", [tweet(1, "Satu &amp; dua &lt;tiga&gt;", extended_entities=media), tweet(2)]
    )
    expected = posts(folder)
    assert expected == posts(folder / "data")
    assert expected == posts(folder / "data" / "tweets.js")
    assert expected == posts(zipped(folder, tmp_path / "a.zip"))
    assert expected == posts(zipped(folder, tmp_path / "b.zip", "twitter-2026-11-20/"))
    first = expected[0]
    assert first.text == "Satu & dua <tiga>"
    assert (first.post_id, first.account, first.url) == ("1", "x:77", "https://x.com/dinas_contoh/status/1")
    assert first.published_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert first.metrics == {"likes": 3, "reposts": 1}
    assert (first.media[0].url, first.media[0].alt) == ("https://media.invalid/a.jpg", "papan")


def test_old_archives_without_the_wrapper_and_new_ones_in_parts_are_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "account.js").write_text(js("account", OWNER), "utf-8")
    (data / "tweet.js").write_text(js("tweet", [tweet(1)["tweet"]]) + ";\n", "utf-8")
    for part in (2, 10, 1):
        (data / f"tweet-part{part}.js").write_text(js("tweet", [tweet(100 + part)], part), "utf-8")
    (data / "deleted-tweets.js").write_text(js("deleted_tweets", [tweet(999)]), "utf-8")
    assert [post.post_id for post in posts(tmp_path)] == ["1", "101", "102", "110"]
    assert [post.post_id for post in posts(data / "tweet-part2.js")] == ["102"]


def test_replies_and_reposts_are_told_apart(tmp_path: Path) -> None:
    listed = [tweet(1, "RT @kab_contoh: rapat"), tweet(2, "@warga baik", in_reply_to_user_id_str="5"), tweet(3)]
    assert [post.kind for post in posts(folder_archive(tmp_path, listed))] == ["repost", "reply", "post"]


def test_the_full_text_of_a_long_post_comes_from_its_note(tmp_path: Path) -> None:
    long = "Pengumuman jadwal pelayanan keliling bulan ini untuk seluruh desa. " * 8
    other = "Pengumuman jadwal lain pada detik yang sama, yang bukan teks ini. " * 8
    notes = [
        {"noteTweet": {"noteTweetId": str(n), "createdAt": "2026-11-20T01:30:01.000Z", "core": {"text": text}}}
        for n, text in enumerate([other, long + "&amp; selesai"])
    ]
    listed = [
        tweet(1, long[:270] + "… https://t.co/abc"),
        tweet(2, "Pendek"),
        tweet(3, long[:270] + "…", created_at="Fri Nov 20 05:00:00 +0000 2026"),
        tweet(4, "@warga " + long[:200] + "…", in_reply_to_user_id_str="5"),
    ]
    folder = folder_archive(tmp_path, listed, note_tweet_js=js("note_tweet", notes))
    assert [post.text for post in posts(folder)] == [long + "& selesai", "Pendek", long[:270] + "…", long + "& selesai"]


def test_of_an_edited_post_the_last_version_counts_under_its_first_id(tmp_path: Path) -> None:
    first, second = str(2_000_000_000_000_000_000), str(2_000_000_000_900_000_000)
    initial = {"editTweetIds": [first, second]}
    listed = [
        tweet(int(second), "Sudah benar", edit_info={"edit": {"initialTweetId": first, "editControlInitial": initial}}),
        tweet(int(first), "Salah ketik", edit_info={"initial": initial}),
    ]
    for order, name in ((listed, "a"), (listed[::-1], "b")):
        (post,) = posts(folder_archive(tmp_path / name, order))
        assert (post.post_id, post.text) == (first, "Sudah benar")
        assert post.published_at.year == 2025, "the time of the first version, from its id"


def test_an_account_that_is_not_registered_is_named(tmp_path: Path) -> None:
    folder = folder_archive(tmp_path, [tweet(1)])
    (folder / "data" / "account.js").write_text(
        js("account", [{"account": {"username": "orang_lain", "accountId": "5"}}]), "utf-8"
    )
    (problem,) = problems(folder)
    assert (problem.value, problem.where) == ("@orang_lain", "account.js")


def test_a_renamed_account_is_known_by_its_number(tmp_path: Path) -> None:
    folder = folder_archive(tmp_path, [tweet(1)])
    (folder / "data" / "account.js").write_text(
        js("account", [{"account": {"username": "baru", "accountId": "77"}}]), "utf-8"
    )
    assert posts(folder)[0].account == "x:77"


@pytest.mark.parametrize(
    ("tweets", "word"),
    [
        (js("tweets", [tweet(1)])[:-10], "terpotong"),
        (js("tweets", [tweet(1)]) + "", ""),
        (js("tweets", [tweet(1), {"tweet": {"id_str": "2"}}]), "tanpa nomor"),
        (js("tweets", [tweet(1), 5]), "bukan objek"),
        (js("tweets", [tweet(1, created_at="kemarin")]), "tanpa nomor, waktu"),
        (js("tweets", [tweet(1, text="x")]).replace('"1"', "1" * 5000), "angka atau sarang"),
        ("window.YTD.tweets.part0 = [" + "[" * 100_000, "angka atau sarang"),
        ("window.YTD.tweets.part0 = ", "tidak diawali"),
        ("console.log(1)", "tidak diawali"),
        (js("tweets", []), "tidak ada unggahan"),
    ],
    ids=range(10),
)
def test_a_damaged_archive_says_where(tmp_path: Path, tweets: str, word: str) -> None:
    folder = folder_archive(tmp_path / "a", tweets)
    for path in (folder, zipped(folder, tmp_path / "a.zip")):
        if not word:
            assert len(posts(path, "x-archive")) == 1
        else:
            assert word in problems(path, "x-archive")[0].what


def test_lone_surrogates_and_nul_in_an_archive_are_made_storable(tmp_path: Path) -> None:
    folder = folder_archive(
        tmp_path,
        'window.YTD.tweets.part0 = [{"id_str": "1", "created_at": "2026-11-20T01:30:00Z", "full_text": "a\\ud83db\\u0000"}]',
    )
    (read,) = read_export(folder, "auto", ACCOUNTS)
    assert read.post.text == "a�b�"
    assert json.loads(read.raw)["full_text"] == "a\ud83db\x00"


def test_text_that_is_not_utf8_is_said(tmp_path: Path) -> None:
    folder = folder_archive(tmp_path, [tweet(1)])
    (folder / "data" / "tweets.js").write_bytes(b'window.YTD.tweets.part0 = [{"full_text": "\xff"}]')
    assert "UTF-8" in problems(folder)[0].what


def test_a_zip_without_posts_or_owner_says_what_is_missing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("foto.txt", "x")
    assert "pemilik arsip tidak ditemukan" in problems(tmp_path / "a.zip")[0].what


def test_a_broken_or_locked_zip_is_a_problem_in_words(tmp_path: Path) -> None:
    whole = zipped(folder_archive(tmp_path / "a", [tweet(n) for n in range(50)]), tmp_path / "a.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    assert "zip rusak" in problems(tmp_path / "cut.zip")[0].what
    locked = bytearray(whole)
    for offset in range(len(locked) - 4):
        if locked[offset : offset + 4] == b"PK\x01\x02":
            locked[offset + 8] |= 1
        if locked[offset : offset + 4] == b"PK\x03\x04":
            locked[offset + 6] |= 1
    (tmp_path / "locked.zip").write_bytes(bytes(locked))
    assert "sandi" in problems(tmp_path / "locked.zip")[0].what


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_x_folder, "MAX_FILE_BYTES", 20_000_000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/account.js", js("account", OWNER))
        archive.writestr("data/tweets.js", "window.YTD.tweets.part0 = [" + " " * 60_000_000)
    assert "lebih besar" in problems(tmp_path / "a.zip")[0].what


def test_a_large_archive_is_streamed(tmp_path: Path) -> None:
    import tracemalloc

    folder = folder_archive(tmp_path, [tweet(n, "Layanan keliling 🎉 " * 60) for n in range(5_000)])
    size = (folder / "data" / "tweets.js").stat().st_size
    tracemalloc.start()
    assert sum(1 for _ in read_export(folder, "auto", ACCOUNTS)) == 5_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size / 2


def test_a_copy_deeper_inside_a_zip_is_not_read_as_well(tmp_path: Path) -> None:
    folder = folder_archive(tmp_path / "a", [tweet(1)])
    folder_archive(folder / "data" / "cadangan", [tweet(2)])
    assert [post.post_id for post in posts(zipped(folder, tmp_path / "a.zip"))] == ["1"]
