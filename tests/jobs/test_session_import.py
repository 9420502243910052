"""``pantau accounts session import`` through the command line, against the local Instagram server."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from instaloader.instaloadercontext import InstaloaderContext

from jobs.__main__ import run
from jobs.tokens import token_warnings
from pantau.core.settings_file import load_settings
from tests.servers.instagram_server import InstagramServer

LATER = datetime.now(UTC) + timedelta(days=300)
SOON = LATER - timedelta(days=200)
PAST = datetime.now(UTC) - timedelta(days=3)


class Desk:
    """A folder with settings, and the person who brings a session."""

    def __init__(self, folder: Path, server: InstagramServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.server = server
        server.cookies |= {"csrftoken": "form-token", "mid": "machine-1"}
        self.said = ""
        self._capsys = capsys
        self.config = folder / "pantau.toml"
        self.config.write_text(
            f"""[office]
name = "Kabupaten Contoh"
[network]
proxy = "{server.proxy_url}"
ca_file = "{server.ca_file}"
[collect.instagram]
session_file = "data/sesi.json"
timeout_s = 5.0
pause_s = 0.0
"""
        )

    @property
    def kept(self) -> Path:
        """Where the session has to come to lie."""
        return self.folder / "data" / "sesi.json"

    def cookies(self, **changed: str) -> dict[str, str]:
        """Those that the server knows, unless changed."""
        return {**self.server.cookies, **changed}

    def bring(self, *arguments: str) -> int:
        """Run the command; what it said is in ``said``, and holds no cookie's value."""
        code = run(["-c", str(self.config), "accounts", "session", "import", *arguments])
        out, err = self._capsys.readouterr()
        self.said = out + err
        assert not [value for value in self.server.cookies.values() if value in self.said]
        return code

    def export(self, cookies: dict[str, str], until: datetime | None = LATER, name: str = "export.json") -> str:
        """A browser extension's JSON list; the file's path."""
        entries: list[dict[str, Any]] = [
            {"name": key, "value": value, "domain": ".instagram.com", "hostOnly": False, "httpOnly": True}
            | ({"expirationDate": until.timestamp()} if until else {"session": True})
            for key, value in cookies.items()
        ]
        return self.write(name, json.dumps(entries).encode())

    def write(self, name: str, data: bytes) -> str:
        """A file as downloads lie around: readable by all."""
        path = self.folder / name
        path.write_bytes(data)
        path.chmod(0o644)
        return str(path)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    with InstagramServer() as server:
        yield Desk(tmp_path, server, capsys)


def netscape(cookies: dict[str, str], until: datetime, separator: str = "\t") -> bytes:
    lines = ["# Netscape HTTP Cookie File", "# https://curl.se/docs/http-cookies.html", ""]
    for name, value in cookies.items():
        prefix = "#HttpOnly_" if name == "sessionid" else ""
        fields = (".instagram.com", "TRUE", "/", "TRUE", str(int(until.timestamp())), name, value)
        lines.append(prefix + separator.join(fields))
    lines.append(separator.join((".example.com", "TRUE", "/", "FALSE", "0", "sessionid", "elsewhere")))
    return "\r\n".join(lines).encode()


def from_instaloader(cookies: dict[str, str]) -> bytes:
    context = InstaloaderContext(quiet=True)
    context.load_session("pemantau", dict(cookies))
    file = io.BytesIO()
    context.save_session_to_file(file)
    context.close()
    return file.getvalue()


@pytest.mark.parametrize(
    "sort", ["netscape", "spaces", "json", "milliseconds", "storage state", "raw names", "instaloader"]
)
def test_a_session_in_any_usual_file_is_put_in_place_for_its_owner_alone(desk: Desk, sort: str) -> None:
    cookies, option = desk.cookies(), "--browser-cookies"
    ends = int(LATER.timestamp())
    if sort in ("netscape", "spaces"):
        file = desk.write("cookies.txt", netscape(cookies, LATER, "\t" if sort == "netscape" else "  "))
    elif sort == "json":
        file = desk.export(cookies)
    elif sort == "milliseconds":
        entries = [
            {"name": n, "value": v, "host": "www.instagram.com", "expiry": ends * 1000} for n, v in cookies.items()
        ]
        file = desk.write("export.json", json.dumps(entries).encode("utf-16"))
    elif sort == "storage state":
        entries = [{"name": n, "value": v, "domain": ".instagram.com", "expires": -1} for n, v in cookies.items()]
        file = desk.write("state.json", json.dumps({"cookies": entries, "origins": []}).encode())
    elif sort == "raw names":
        site = "https://.instagram.com/"
        entries = [
            {"Host raw": site, "Name raw": n, "Content raw": v, "Expires raw": str(ends)} for n, v in cookies.items()
        ]
        file = desk.write("export.json", json.dumps(entries).encode())
    else:
        file, option = desk.write("session-pemantau", from_instaloader(cookies)), "--from"
    assert desk.bring(option, file, "--check") == 0, desk.said
    assert desk.kept.stat().st_mode & 0o777 == 0o600
    assert "menjawab" in desk.said
    assert desk.server.count() == 1
    assert desk.bring("--check") == 0
    assert "Hapus" not in desk.said


@pytest.mark.parametrize(
    ("changed", "until", "words"),
    [
        ({"sessionid": ""}, LATER, ("sessionid", "Masuk")),
        ({"csrftoken": ""}, LATER, ("csrftoken",)),
        ({"ds_user_id": "deleted"}, LATER, ("ds_user_id",)),
        ({}, PAST, ("berakhir", f"{PAST.astimezone():%Y}")),
        ({"ds_user_id": "71111"}, LATER, ("dua akun",)),
        ({"sessionid": "a b;c"}, LATER, ("sessionid",)),
    ],
    ids=["no session", "no csrf", "logged out", "expired", "two accounts", "broken value"],
)
def test_an_unusable_export_is_refused_in_words_and_changes_nothing(
    desk: Desk, changed: dict[str, str], until: datetime, words: tuple[str, ...]
) -> None:
    assert desk.bring("--browser-cookies", desk.export(desk.cookies())) == 0
    before = desk.kept.read_bytes()
    asked = desk.server.count()
    assert desk.bring("--browser-cookies", desk.export(desk.cookies(**changed), until)) == 1
    assert all(word in desk.said for word in words), desk.said
    assert desk.kept.read_bytes() == before
    assert desk.server.count() == asked


@pytest.mark.parametrize("trouble", ["logged out", "checkpoint", "challenge_page", "drop", "server_error", "html200"])
def test_a_session_that_still_holds_is_replaced_only_by_one_that_answers(desk: Desk, trouble: str) -> None:
    assert desk.bring("--browser-cookies", desk.export(desk.cookies())) == 0
    assert desk.server.count() == 0
    before = desk.kept.read_bytes()
    newer = desk.cookies(sessionid="70000%3Aother%3A2")
    if trouble != "logged out":
        desk.server.cookies["sessionid"] = newer["sessionid"]
        desk.server.fail(trouble, times=1)
    assert desk.bring("--browser-cookies", desk.export(newer)) == 1
    assert desk.said.startswith("Sesi tidak diimpor")
    assert desk.kept.read_bytes() == before
    assert desk.server.count() == 1
    desk.server.cookies["sessionid"] = newer["sessionid"]
    assert desk.bring("--browser-cookies", desk.export(newer)) == 0
    assert desk.kept.read_bytes() != before


def test_an_expired_session_is_replaced_without_asking(desk: Desk) -> None:
    assert desk.bring("--browser-cookies", desk.export(desk.cookies())) == 0
    desk.kept.write_bytes(desk.kept.read_bytes().replace(b"sessionid", b"otherid"))
    assert desk.bring("--browser-cookies", desk.export(desk.cookies(), SOON)) == 0
    assert desk.server.count() == 0
    assert "--check" in desk.said
    assert f"{SOON.astimezone():%m-%Y}" in desk.said


def test_a_check_tells_a_session_that_no_longer_answers(desk: Desk) -> None:
    assert desk.bring("--check") == 1
    assert "sesi.json" in desk.said
    assert desk.bring("--browser-cookies", desk.export(desk.cookies())) == 0
    desk.server.cookies["sessionid"] = "70000%3Aanother%3A3"
    assert desk.bring("--check") == 1
    assert "tidak berlaku" in desk.said
    assert desk.server.count() == 1


@pytest.mark.parametrize(
    ("option", "data", "word"),
    [
        ("--from", b"# Netscape HTTP Cookie File\n.x.id\tTRUE\t/\tTRUE\t0\ta\tb\n", "--browser-cookies"),
        ("--browser-cookies", b'{"sessionid": "a"}', "--from"),
        ("--browser-cookies", b"\x80\x04garbled", "bukan sesi"),
        ("--browser-cookies", b"<html>halaman</html>", "bukan sesi"),
        ("--from", b"\xff\xfe\x00", "bukan sesi"),
        ("--from", b"x" * 1_000_001, "terlalu besar"),
    ],
)
def test_the_wrong_sort_of_file_is_named_with_what_to_do(desk: Desk, option: str, data: bytes, word: str) -> None:
    assert desk.bring(option, desk.write("berkas", data)) == 1
    assert word in desk.said
    assert not desk.kept.exists()


def test_a_missing_file_a_missing_setting_and_a_missing_word_are_explained(desk: Desk) -> None:
    assert desk.bring("--from", str(desk.folder / "tidak-ada")) == 1
    assert "tidak-ada" in desk.said
    assert desk.bring() == 2
    assert "cookies.txt" in desk.said
    assert desk.bring("--from", "a", "--browser-cookies", "b") == 2
    desk.config.write_text('[office]\nname = "Kabupaten Contoh"\n')
    assert desk.bring("--from", "a") == 2
    assert "collect.instagram.session_file" in desk.said


def test_a_folder_that_cannot_be_written_keeps_the_old_session(desk: Desk) -> None:
    desk.kept.parent.write_text("a file where a folder should be")
    assert desk.bring("--browser-cookies", desk.export(desk.cookies())) == 1
    assert "tidak dapat ditulis" in desk.said


@pytest.mark.parametrize(("days", "warned"), [(300, False), (5, True)])
def test_a_session_that_ends_soon_is_said_in_the_digest(desk: Desk, days: int, warned: bool) -> None:
    until = datetime.now(UTC) + timedelta(days=days)
    assert desk.bring("--browser-cookies", desk.export(desk.cookies(), until)) == 0
    settings = load_settings(desk.config)
    assert token_warnings(settings, datetime.now(UTC)) == ()
    desk.config.write_text(desk.config.read_text() + "enabled = true\n")
    said = token_warnings(load_settings(desk.config), datetime.now(UTC))
    assert bool(said) == warned
    assert all("session import" in sentence for sentence in said)
