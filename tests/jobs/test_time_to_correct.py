"""A flagged post that its unit takes down or edits: whole nights through the command line against a local Facebook."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.desk import FIRST_NIGHT, Desk
from tests.servers.graph_pages import FakeFbPost, FakePage
from tests.servers.graph_server import TOKEN, GraphServer

BAD = "Jalan sudah dicor dari kemarin, dasar goblok."
STILL_BAD = "Memang goblok kamu ini, jalan sudah dicor dari kemarin."
GOOD = "Jalan dusun sudah dicor sejak kemarin, terima kasih laporannya."
ROW = {"unit_code": "DESA-1", "unit_name": "Desa Contoh", "unit_kind": "desa", "platform": "facebook"}
HEAD = "kades@kantor.example"
MAIL = """
[digest]
heads = "when_needed"
{digest}
[collect.facebook]
token = "env:TEST_FB_TOKEN"
[collect.meta]
api_url = "{url}"
[mail]
folder = "surat"
[[mail.reader]]
address = "staf@kantor.example"
"""


class Town(Desk):
    """The desk with one page on Facebook, and one neighbour that is always there."""

    post: FakeFbPost  # type: ignore[assignment]
    page: FakePage


@contextmanager
def opened(town: Town, digest: str = "") -> Iterator[Town]:
    at = FIRST_NIGHT - timedelta(hours=5)
    town.post = FakeFbPost(at, BAD)
    others = [FakeFbPost(at - timedelta(hours=30 + n), f"Kabar {n} dari dusun.") for n in range(3)]
    town.page = FakePage("desa.contoh", "100001", [town.post, *others])
    neighbour = FakePage("desa.tetangga", "100002", [FakeFbPost(at, "Kerja bakti hari Minggu.")])
    with GraphServer(pages=[town.page, neighbour]) as server:
        town.accounts, town.tail = 0, MAIL.format(url=server.url, digest=digest)
        rows = [
            {**ROW, "handle": "desa.contoh", "platform_id": "100001", "head_email": HEAD},
            {**ROW, "unit_code": "DESA-2", "unit_name": "Desa Tetangga", "handle": "desa.tetangga"},
        ]
        town.write(extra_rows=rows)
        yield town


@pytest.fixture
def town(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv("TEST_FB_TOKEN", TOKEN)
    with opened(Town(tmp_path, capfd).set_clock(monkeypatch)) as made:  # type: ignore[arg-type]
        yield made


def block(digest: str, title: str) -> str:
    """The part of a folded text digest under a heading, up to the next underline."""
    _, found, rest = digest.partition(f" {title.upper()} {'-' * len(title)} ")
    return rest.split(" ---", 1)[0] if found else ""


def flagged(town: Town) -> str:
    """Night 1, on which two rules flag the post; the code of one."""
    assert "goblok" in town.night(1)
    (key,) = town.keys("swear-word")
    return key


def test_an_edit_before_the_next_night_is_a_correction_told_once_and_not_asked_about(town: Town) -> None:
    key = flagged(town)
    town.post.message = GOOD
    second = town.night(2)
    told = block(second, "Sudah diperbaiki")
    assert key in told, second
    assert "paling lama 24 jam sesudah ditandai. Terima kasih. Tidak ditagih lagi." in told
    assert "1 unggahan diperbaiki" in second
    assert key not in block(second, "Masih terbuka")
    third = town.night(3)
    assert key not in third
    assert "diperbaiki paling lama 24 jam sesudah ditandai (disunting)" in town.run("review", "show", key)
    town.run("archive", "build", "--output", str(town.folder / "arsip"))
    (page,) = (town.folder / "arsip" / "unit").rglob("temuan-1.html")
    assert page.read_text("utf-8").count("<b>Sudah diperbaiki</b>") == 2, "one for each rule"
    listed = town.run("review", "list", "--run", town.run_id(1))
    assert "[diperbaiki paling lama 24 jam sesudah ditandai (disunting)]" in listed


def test_the_units_head_is_thanked_and_the_regent_gets_the_number(town: Town) -> None:
    key = flagged(town)
    town.post.message = GOOD
    town.night(2)
    unit = town.run("digest", "show", town.run_id(2), "--edition", "unit:DESA-1", "--format", "text")
    assert key in block(" ".join(unit.split()), "Sudah diperbaiki")
    mails = sorted(path.name for path in (town.folder / "surat").rglob("*.eml"))
    assert sum(HEAD in name for name in mails) == 2, mails


def test_an_edit_that_is_flagged_again_stays_open(town: Town) -> None:
    key = flagged(town)
    town.post.message = STILL_BAD
    second = town.night(2)
    assert block(second, "Sudah diperbaiki") == ""
    assert key in block(second, "Masih terbuka")
    assert "tidak dihitung sebagai perbaikan" in block(second, "Berubah atau tidak tampak lagi")


def test_a_removed_post_is_corrected_once_two_nights_missed_it_and_open_again_when_it_is_back(town: Town) -> None:
    key = flagged(town)
    town.page.posts.remove(town.post)
    second = town.night(2)
    assert key in block(second, "Masih terbuka")
    third = town.night(3)
    assert "paling lama 24 jam sesudah ditandai" in block(third, "Sudah diperbaiki")
    assert key not in block(third, "Masih terbuka")
    town.page.posts.append(town.post)
    fourth = town.night(4)
    assert key in block(fourth, "Masih terbuka")
    assert "diperbaiki" not in town.run("review", "show", key)


def test_a_page_that_cannot_be_read_corrects_nothing_and_the_edit_is_late_then(town: Town) -> None:
    key = flagged(town)
    town.post.message, town.page.state = GOOD, "hidden"
    second = town.night(2, code=1)
    assert block(second, "Sudah diperbaiki") == ""
    assert key in block(second, "Masih terbuka")
    town.page.state = "ok"
    third = town.night(3)
    assert "Lebih dari 36 jam, jadi tetap terbuka sampai diputuskan." in block(third, "Sudah diperbaiki")
    assert "1 unggahan diperbaiki" not in third
    row = block(third, "Masih terbuka")
    assert key in row
    assert "disunting paling lama 48 jam sesudah ditandai (lewat 36 jam)" in row


def test_the_office_says_how_many_hours_count(town: Town) -> None:
    town.tail = town.tail.replace('heads = "when_needed"', 'heads = "off"\ncorrected_within_hours = 20')
    (town.folder / "pantau.toml").write_text(
        f'[office]\nname = "Kabupaten Contoh"\n[files]\nrules_dir = "rules.d"\n{town.tail}\n'
    )
    key = flagged(town)
    town.post.message = GOOD
    assert key in block(town.night(2), "Masih terbuka")


def test_an_edit_is_no_correction_on_a_night_on_which_the_rule_was_off(town: Town) -> None:
    key, (other,) = flagged(town), town.keys("javanese-swear")
    path = town.folder / "pantau.toml"
    path.write_text(path.read_text() + '\n[rules.status]\n"swear-word" = "nonaktif"\n')
    town.post.message = GOOD
    told = block(town.night(2), "Sudah diperbaiki")
    assert other in told
    assert key not in told
