import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors import files_common, files_jsonl
from collectors.files import read_export
from pantau.core.errors import ImportFileError, Problem
from pantau.core.model import Account, Collected, Media, Post

ACCOUNTS = [
    Account(platform="instagram", handle="Dinas.Contoh", unit="1", platform_id="1001"),
    Account(platform="x", handle="dinas_contoh", unit="1", platform_id="77"),
    Account(platform="x", handle="kec_contoh", unit="2"),
]
GOOD: dict[str, Any] = {
    "platform": "x",
    "post_id": "1",
    "account": "x:@dinas_contoh",
    "published_at": "2026-11-20T08:30:00+07:00",
}


def write(folder: Path, *lines: Any, prefix: bytes = b"") -> Path:
    path = folder / "posts.jsonl"
    data = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
    path.write_bytes(prefix + b"\n".join(data) + b"\n")
    return path


def problems(path: Path, kind: Any = "auto") -> tuple[Problem, ...]:
    with pytest.raises(ImportFileError) as caught:
        read_export(path, kind, ACCOUNTS)
    return caught.value.problems


def test_posts_written_by_pantau_itself_come_back_as_they_were(tmp_path: Path) -> None:
    post = Post(
        platform="instagram",
        post_id="DAbc",
        account="instagram:1001",
        kind="video",
        published_at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
        text="Jadwal layanan 🎉",
        image_text="BUKA 08.00",
        media=(Media(kind="image", url="https://media.invalid/a.jpg", alt="papan"),),
        url="https://www.instagram.com/p/DAbc/",
        metrics={"likes": 3},
    )
    line = msgspec.json.encode(post)
    (read,) = read_export(write(tmp_path, line), "auto", ACCOUNTS)
    assert msgspec.structs.replace(read.post, raw_sha256="") == post
    assert read.raw == line


def test_times_are_kept_in_utc_and_the_raw_line_is_hashed(tmp_path: Path) -> None:
    import hashlib

    (read,) = read_export(write(tmp_path, GOOD), "jsonl", ACCOUNTS)
    assert read.post.published_at.isoformat() == "2026-11-20T01:30:00+00:00"
    assert read.post.raw_sha256 == hashlib.sha256(read.raw).hexdigest()


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ({"account": "x:@Dinas_Contoh"}, "x:77"),
        ({"account": "x:77"}, "x:77"),
        ({"account": "x:dinas_contoh"}, "x:77"),
        ({"account": "@kec_contoh"}, "x:@kec_contoh"),
        ({"account": "kec_contoh"}, "x:@kec_contoh"),
        ({"account": "77"}, "x:77"),
        ({"account": "dinas.contoh", "platform": "instagram"}, "instagram:1001"),
        ({"account": "instagram:@dinas.contoh", "platform": ""}, "instagram:1001"),
    ],
)
def test_an_account_may_be_named_in_any_usual_way(tmp_path: Path, named: dict[str, str], key: str) -> None:
    (read,) = read_export(write(tmp_path, {**GOOD, **named}), "auto", ACCOUNTS)
    assert read.post.account == key
    assert read.post.platform == key.partition(":")[0]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ({**GOOD, "account": "x:@orang_lain"}, "tidak ada di daftar akun"),
        ({**GOOD, "account": "instagram:1001"}, "tidak cocok"),
        ({**GOOD, "account": 77}, "account belum diisi"),
        ({**GOOD, "platform": 3}, "platform"),
        ({**GOOD, "post_id": " "}, "post_id belum diisi"),
        ({**GOOD, "published_at": "2026-11-20T08:30:00"}, "tanpa zona waktu"),
        ({**GOOD, "published_at": "kemarin"}, "published_at tidak sesuai"),
        ({**GOOD, "published_at": "0001-01-01T00:00:00+23:00"}, "di luar batas"),
        ({**GOOD, "teks": "salah ketik"}, "kunci tidak dikenal"),
        ({**GOOD, "kind": "foto"}, "kind tidak sesuai"),
        ({**GOOD, "metrics": {"likes": "3"}}, "metrics tidak sesuai"),
        ({**GOOD, "metrics": {"likes": 2**70}}, "di luar batas"),
        ({**GOOD, "metrics": {"likes": -1}}, "di luar batas"),
        ({**GOOD, "url": "javascript:alert(1)"}, "bukan alamat web"),
        ({**GOOD, "text": "a\x00b"}, "NUL"),
        ([1], "bukan objek"),
        (b'{"platform": "x"', "bukan JSON"),
        (b"[" * 100_000, "bukan JSON"),
        (b'{"text": "\\ud83d"}', "emoji"),
        (b'{"text": "\\ude00"}', "emoji"),
        (b'{"text": "\xff"}', "bukan UTF-8 (bita ke-11)"),
    ],
    ids=range(21),
)
def test_a_bad_line_is_named_with_the_way_out_and_nothing_is_imported(tmp_path: Path, line: Any, word: str) -> None:
    path = write(tmp_path, GOOD, line, GOOD)
    (problem,) = problems(path, "jsonl")
    assert (problem.file, problem.where) == (str(path), "baris 2")
    assert word in problem.what
    assert problem.remedy.endswith(".")


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, {**GOOD, "account": "x:@a"}, GOOD, b"{", {**GOOD, "post_id": ""})
    assert [problem.where for problem in problems(path)] == ["baris 1", "baris 3", "baris 4"]


def test_thousands_of_problems_are_counted_instead_of_filling_the_screen(tmp_path: Path) -> None:
    found = problems(write(tmp_path, *[b"{"] * 1000))
    assert len(found) == 201
    assert "800" in found[-1].what


def test_a_byte_order_mark_blank_lines_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    line = json.dumps(GOOD).encode()
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n\r\n" + line)
    assert len(list(read_export(path, "auto", ACCOUNTS))) == 2


def test_a_file_saved_as_utf16_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(GOOD).encode("utf-16"))
    assert "UTF-16" in problems(path)[0].what


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_a_problem_and_not_a_success(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    assert "tidak ada unggahan" in problems(path)[0].what


def test_a_missing_file_is_a_problem_in_words(tmp_path: Path) -> None:
    assert "tidak dapat dibaca" in problems(tmp_path / "none.jsonl")[0].what


def test_a_huge_line_is_refused_without_being_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_jsonl, "MAX_ITEM_BYTES", 1024 * 1024)
    path = write(tmp_path, GOOD, b'{"text": "' + b"x" * 5_000_000 + b'"}', {**GOOD, "account": "x:@a"})
    found = problems(path)
    assert [problem.where for problem in found] == ["baris 2", "baris 3"]
    assert "1 MB" in found[0].what
    assert files_common.MAX_ITEM_BYTES > 1024 * 1024


def test_a_file_that_changes_after_the_check_stops_with_its_problem(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, {**GOOD, "post_id": "2"})
    posts = read_export(path, "auto", ACCOUNTS)
    path.write_bytes(b"{\n")
    with pytest.raises(ImportFileError):
        list(posts)


def test_a_large_file_is_streamed(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        for number in range(8_000):
            file.write(json.dumps({**GOOD, "post_id": str(number), "text": "layanan " * 40}).encode() + b"\n")
    tracemalloc.start()
    seen = sum(isinstance(one, Collected) for one in read_export(path, "auto", ACCOUNTS))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == 8_000
    assert peak < path.stat().st_size / 3
