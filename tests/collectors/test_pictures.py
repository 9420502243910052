"""Fetching pictures over a real socket: bounded in size and time, and never into the office's own network."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import pictures
from collectors.pictures import PictureFetcher, open_source
from pantau.core.errors import PictureError
from pantau.core.settings import Network
from pantau.core.settings_pictures import PictureSettings
from tests.servers.base import Fault, Reply, broken_off, dropped, redirect_reply, stalled
from tests.servers.picture_server import PictureServer

SETTINGS = PictureSettings(enabled=True, max_mb=0.1, timeout_s=0.5, private_hosts=("127.0.0.1",))


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with PictureServer({"/a.png": b"gambar"}) as opened:
        yield opened


@pytest.fixture
def fetcher() -> Iterator[PictureFetcher]:
    opened = PictureFetcher(SETTINGS, Network(), None)
    yield opened
    opened.close()


def reason(fetcher: PictureFetcher, url: str) -> str:
    with pytest.raises(PictureError) as caught:
        fetcher.fetch(url)
    return str(caught.value)


def test_a_picture_comes_as_its_bytes(server: PictureServer, fetcher: PictureFetcher) -> None:
    assert fetcher.fetch(f"{server.url}/a.png?ig=1") == b"gambar"
    assert server.log[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert "cookie" not in server.log[0].headers


def test_a_certificate_is_checked_for_the_name_although_a_number_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolved(host: str, *more: object, **named: object) -> object:
        return real("127.0.0.1" if host in ("localhost", "lain.example") else host, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(pictures, "_is_public", lambda _address: True)
    with PictureServer({"/a.png": b"gambar"}, direct_tls=True) as server:
        fetcher = PictureFetcher(SETTINGS, Network(ca_file=server.ca_file), None)
        assert fetcher.fetch(f"https://localhost:{server.port}/a.png") == b"gambar"
        assert server.log[0].headers["host"] == f"localhost:{server.port}"
        assert "sambungan" in reason(fetcher, f"https://lain.example:{server.port}/a.png")
        fetcher.close()


def test_an_untrusted_certificate_is_refused() -> None:
    with PictureServer({"/a.png": b"gambar"}, direct_tls=True) as server:
        fetcher = PictureFetcher(SETTINGS, Network(), None)
        assert "sambungan" in reason(fetcher, f"{server.url}/a.png")
        fetcher.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8/a.png",
        "http://localhost:8/a.png",
        "http://2130706433:8/a.png",
        "http://0x7f.1:8/a.png",
        "http://[::1]:8/a.png",
        "http://[::ffff:127.0.0.1]:8/a.png",
        "http://10.1.2.3/a.png",
        "http://192.168.0.1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/a.png",
        "http://100.64.0.1/a.png",
        "http://224.0.0.1/a.png",
        "http://user:pass@10.1.2.3/a.png",
    ],
)
def test_addresses_inside_the_office_s_network_are_not_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = PictureFetcher(PictureSettings(enabled=True, timeout_s=0.5), Network(), None)
    monkeypatch.setattr(fetcher._client, "stream", lambda *_, **__: pytest.fail("it was called"))
    assert "jaringan dalam" in reason(fetcher, url)
    fetcher.close()


def test_a_name_that_also_points_inward_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.5")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    fetcher = PictureFetcher(SETTINGS, Network(), None)
    assert "jaringan dalam" in reason(fetcher, "http://gambar.example/a.png")
    fetcher.close()


def test_a_redirect_is_followed_and_judged_like_the_first_address(
    server: PictureServer, fetcher: PictureFetcher
) -> None:
    server.files["/moved"] = redirect_reply("/a.png")
    server.files["/inward"] = redirect_reply("http://10.0.0.5/a.png")
    server.files["/file"] = redirect_reply("file:///etc/passwd")
    server.files["/circle"] = redirect_reply("/circle")
    assert fetcher.fetch(f"{server.url}/moved") == b"gambar"
    assert "jaringan dalam" in reason(fetcher, f"{server.url}/inward")
    assert "bukan http" in reason(fetcher, f"{server.url}/file")
    assert "terlalu sering" in reason(fetcher, f"{server.url}/circle")
    assert server.count("/circle") == pictures.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a.png", "data:image/png;base64,AAAA", "//example.org/a", "a.png", "http:///a"]
)
def test_other_kinds_of_addresses_are_refused(fetcher: PictureFetcher, url: str) -> None:
    assert "bukan http" in reason(fetcher, url)


@pytest.mark.parametrize(
    "url", ["http://[", "http://a\x00b/", "http://exa mple/", "https://" + "a" * 300 + "/", "http://127.0.0.1:99999/"]
)
def test_addresses_that_are_none_give_a_reason(fetcher: PictureFetcher, url: str) -> None:
    assert reason(fetcher, url)


def test_an_address_that_the_platform_does_not_give_is_named(fetcher: PictureFetcher) -> None:
    assert "platform tidak memberikan" in reason(fetcher, "")


def test_a_picture_beyond_the_limit_is_given_up_whether_announced_or_not(
    server: PictureServer, fetcher: PictureFetcher
) -> None:
    server.files["/big"] = b"x" * 200_000
    assert "lebih besar dari 0.1 MB" in reason(fetcher, f"{server.url}/big")


def test_a_compressed_transfer_is_not_unpacked(server: PictureServer, fetcher: PictureFetcher) -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    server.files["/bomb"] = Reply(200, packed, {"content-encoding": "gzip"})
    assert server.log == []
    assert fetcher.fetch(f"{server.url}/bomb") == packed
    assert server.log[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [301, 403, 404, 429, 500])
def test_a_refusal_names_its_status(server: PictureServer, fetcher: PictureFetcher, status: int) -> None:
    server.faults.add(Fault(Reply(status)))
    assert str(status) in reason(fetcher, f"{server.url}/a.png")


def test_a_server_that_stalls_drops_or_breaks_off_gives_a_reason_in_time(
    server: PictureServer, fetcher: PictureFetcher
) -> None:
    for fault in (Fault(stalled()), Fault(dropped()), Fault(change=broken_off)):
        server.faults.add(fault)
        began = time.monotonic()
        assert reason(fetcher, f"{server.url}/a.png")
        assert time.monotonic() - began < 3


def test_a_server_that_trickles_is_given_up(fetcher: PictureFetcher) -> None:
    def trickle(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            try:
                for _ in range(100):
                    connection.sendall(b"x")
                    time.sleep(0.1)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, args=(listener,), daemon=True).start()
        began = time.monotonic()
        assert "terlalu lambat" in reason(fetcher, f"http://127.0.0.1:{listener.getsockname()[1]}/a.png")
        assert time.monotonic() - began < 3


def test_pictures_of_imported_posts_come_from_the_folder_and_only_from_there(tmp_path: Path) -> None:
    folder = tmp_path / "gambar"
    (folder / "lama").mkdir(parents=True)
    (folder / "lama" / "a b.png").write_bytes(b"isi")
    (folder / "besar.png").write_bytes(b"x" * 200_000)
    (tmp_path / "rahasia").write_bytes(b"kunci")
    (folder / "keluar").symlink_to(tmp_path / "rahasia")
    fetcher = PictureFetcher(SETTINGS, Network(), folder)
    assert fetcher.fetch("file:lama/a%20b.png") == b"isi"
    for url in (
        "file:../rahasia",
        "file:keluar",
        f"file:{tmp_path}/rahasia",
        "file:%2e%2e/rahasia",
        "file:",
        "file:x\x00",
    ):
        assert "folder gambar" in reason(fetcher, url)
    assert "lebih besar" in reason(fetcher, "file:besar.png")
    fetcher.close()


def test_without_a_folder_such_pictures_are_named_as_not_set_up(fetcher: PictureFetcher) -> None:
    assert "pictures.folder" in reason(fetcher, "file:a.png")


def test_a_source_with_an_unusable_certificate_file_cannot_be_set_up(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="ca_file"):
        open_source(SETTINGS, Network(ca_file=str(tmp_path / "tidak-ada.pem")), None)
