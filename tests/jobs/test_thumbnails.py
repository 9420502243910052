"""Small pictures in a whole night: a real store, a real picture server over TLS, and hostile answers from it."""

import base64
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from jobs.wiring import load_job, open_store
from pantau.core.clock import local_day
from tests.checks.test_thumbnail import SECRET, opened, png_claiming, with_everything
from tests.drawn import picture
from tests.jobs.desk import FIRST_NIGHT, Desk
from tests.servers.base import Reply, html_reply, redirect_reply, stalled
from tests.servers.picture_server import PictureServer

TEXT = "Panen bawang di petak {}."
NIK = "Data warga: Sri, NIK 3349014507680003, panen bawang."


@pytest.fixture(scope="module")
def server() -> Iterator[PictureServer]:
    with PictureServer(direct_tls=True) as opened_server:
        yield opened_server


@pytest.fixture
def desk(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, server: PictureServer
) -> Desk:
    server.files = {"/a.png": picture("papan nama"), "/gps.jpg": with_everything()}
    server.log.clear()
    made = Desk(tmp_path, capfd).set_clock(monkeypatch)
    made.tail = settings(server)
    made.write()
    return made


def settings(server: PictureServer, more: str = "", hosts: str = '{ x = ["localhost"] }') -> str:
    readers = (
        'from_address = "pantau@kantor.example"\nfolder = "surel"\n[[mail.reader]]\naddress = "sekda@kantor.example"\n'
    )
    return f"""[network]
ca_file = "{server.ca_file}"
[pictures]
timeout_s = 0.5
private_hosts = ["localhost"]
thumbnail_hosts = {hosts}
{more}
[mail]
{readers}"""


def take_in(desk: Desk, *posts: tuple[str, dict[str, str]]) -> None:
    rows = []
    for n, (text, media) in enumerate(posts):
        at = FIRST_NIGHT - timedelta(hours=5, minutes=n)
        row = {"platform": "x", "post_id": str(1000 + n), "account": f"x:@d{n % desk.accounts}", "text": text}
        rows.append({**row, "published_at": at.isoformat(), "media": [media]})
    file = desk.folder / "posts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    desk.run("import", str(file))


def image(server: PictureServer, path: str) -> dict[str, str]:
    return {"kind": "image", "url": f"https://localhost:{server.port}{path}"}


def shown(desk: Desk) -> list[bytes]:
    page = desk.run("digest", "show", "--format", "html")
    return [base64.b64decode(data) for data in re.findall(r'src="data:image/jpeg;base64,([^"]*)"', page)]


def counted(desk: Desk) -> str:
    job = load_job(desk.folder / "pantau.toml", local_day(FIRST_NIGHT, FIRST_NIGHT.tzinfo))  # type: ignore[arg-type]
    with open_store(job.settings.database_url) as store:
        return "; ".join(event.detail for event in store.runs.events(desk.run_id(1)) if event.name == "thumbnails")


def test_a_finding_shows_its_picture_in_mail_and_page_without_place_or_comment(
    desk: Desk, server: PictureServer
) -> None:
    assert SECRET in server.files["/gps.jpg"]  # type: ignore[operator]
    take_in(desk, (TEXT.format(1), image(server, "/gps.jpg")))
    text = desk.night(1)
    (small,) = shown(desk)
    assert SECRET not in small
    assert not opened(small).getexif()
    assert "gambar unggahan" not in text
    (mail,) = (desk.folder / "surel").glob("*.eml")
    parts = list(message_from_bytes(mail.read_bytes(), policy=default).walk())
    assert [part.get_content() for part in parts if part.get_content_maintype() == "image"] == [small]
    assert counted(desk) == "1 dari 1"


def test_a_past_digest_is_shown_again_byte_for_byte_when_the_picture_is_long_gone(
    desk: Desk, server: PictureServer
) -> None:
    take_in(desk, (TEXT.format(1), image(server, "/a.png")))
    desk.night(1)
    before = {form: desk.run("digest", "show", "--format", form) for form in ("html", "json", "text")}
    server.files = {}
    desk.run("nightly", "--as-of", desk.night_at(1).isoformat())
    assert {form: desk.run("digest", "show", desk.run_id(1), "--format", form) for form in before} == before
    assert server.count("/a.png") == 1


def test_hostile_answers_cost_their_picture_and_nothing_else(desk: Desk, server: PictureServer) -> None:
    server.files |= {
        "/login": html_reply(200, "<html>Masuk dulu</html>"),
        "/inward": redirect_reply("https://10.0.0.5/a.png"),
        "/elsewhere": redirect_reply("https://pelacak.example/a.png"),
        "/plain": redirect_reply(f"http://localhost:{server.port}/a.png"),
        "/stall": stalled(3),
        "/gone": Reply(404, b""),
        "/bomb": png_claiming(6000, 6000, b"\x00" * 9_000_000),
        "/huge": png_claiming(100_000, 100_000),
        "/big": b"x" * 11_000_000,
    }
    paths = ("/login", "/inward", "/elsewhere", "/plain", "/stall", "/gone", "/bomb", "/huge", "/big")
    take_in(desk, *((TEXT.format(n), image(server, path)) for n, path in enumerate((*paths, "/a.png"))))
    began = time.monotonic()
    desk.night(1)
    assert time.monotonic() - began < 15
    assert len(shown(desk)) == 1
    detail = counted(desk)
    assert detail.startswith("1 dari 10; ")
    for reason in (
        "isinya bukan gambar yang dikenal (1)",
        "alamat gambarnya bukan https di server gambar platformnya (3)",
        "server gambar tidak menjawab pada waktunya (1)",
        "server gambar menjawab 404 (1)",
        "ukurannya terlalu besar (1)",
        "lebih besar dari 10 MB (1)",
    ):
        assert reason in detail, detail


def test_only_the_platform_s_own_hosts_are_asked(desk: Desk, server: PictureServer) -> None:
    desk.tail = settings(server, hosts='{ instagram = ["localhost"] }')
    desk.write()
    plain = {"kind": "image", "url": f"http://localhost:{server.port}/a.png"}
    take_in(desk, (TEXT.format(1), image(server, "/a.png")), (TEXT.format(2), plain))
    desk.night(1)
    assert server.log == []
    assert shown(desk) == []
    assert "bukan https di server gambar platformnya (2)" in counted(desk)


def test_a_host_of_the_platform_that_points_inward_is_not_called(desk: Desk, server: PictureServer) -> None:
    desk.tail = settings(server).replace('private_hosts = ["localhost"]', "private_hosts = []")
    desk.write()
    take_in(desk, (TEXT.format(1), image(server, "/a.png")))
    desk.night(1)
    assert server.log == []
    assert "jaringan dalam (1)" in counted(desk)


def test_the_picture_of_a_post_with_personal_data_is_not_even_fetched(desk: Desk, server: PictureServer) -> None:
    take_in(desk, (NIK, image(server, "/ktp.png")), (TEXT.format(1), image(server, "/a.png")))
    assert "data pribadi" in desk.night(1).lower()
    assert server.count("/ktp.png") == 0
    assert len(shown(desk)) == 1


def test_a_video_shows_its_cover_and_a_post_without_a_finding_nothing(desk: Desk, server: PictureServer) -> None:
    cover = {"kind": "video", "url": f"https://localhost:{server.port}/a.png"}
    take_in(desk, (TEXT.format(1), cover), ("Posyandu Selasa.", image(server, "/gps.jpg")))
    desk.night(1)
    assert len(shown(desk)) == 1
    assert server.count("/gps.jpg") == 0


def test_no_more_than_the_setting_allows_and_none_at_zero(desk: Desk, server: PictureServer) -> None:
    desk.tail = settings(server, "thumbnails = 2")
    desk.write()
    take_in(desk, *((TEXT.format(n), image(server, "/a.png")) for n in range(5)))
    desk.night(1)
    assert counted(desk) == "2 dari 2"
    desk.tail = settings(server, "thumbnails = 0")
    desk.write()
    server.log.clear()
    desk.post(TEXT.format(9))
    desk.run("nightly", "--as-of", desk.night_at(1).isoformat())
    assert server.log == []


def test_pictures_of_imported_posts_come_from_the_office_s_folder(desk: Desk, server: PictureServer) -> None:
    desk.tail = settings(server, 'folder = "gambar"')
    desk.write()
    (desk.folder / "gambar").mkdir()
    (desk.folder / "gambar" / "a b.png").write_bytes(picture("papan"))
    take_in(desk, (TEXT.format(1), {"kind": "image", "url": "file:a%20b.png"}))
    desk.night(1)
    assert len(shown(desk)) == 1


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("thumbnails = -1", "pictures.thumbnails"),
        ("thumbnails = 101", "pictures.thumbnails"),
        ('thumbnail_hosts = { x = ["https://cdn.example/"] }', "pictures.thumbnail_hosts.x"),
        ('thumbnail_hosts = { x = ["10.0.0.5"] }', "pictures.thumbnail_hosts.x"),
        ('thumbnail_hosts = { x = "cdn.example" }', "thumbnail_hosts"),
    ],
)
def test_settings_that_cannot_be_meant_are_named(desk: Desk, value: str, where: str) -> None:
    desk.tail = f"[pictures]\n{value}\n"
    desk.write()
    assert where in desk.run("nightly", "--dry-run", code=2)
