"""``pantau accounts tiktok-login`` against a local TikTok, and what doctor and digest say of the accounts that it connected."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from click.testing import CliRunner, Result

from collectors.tiktok_tokens import Shelf, Token
from jobs.__main__ import cli, run
from jobs.tokens import token_warnings
from pantau.core.errors import SettingsError
from pantau.core.model import Account
from pantau.core.settings_file import load_settings
from tests.servers.tiktok_server import CLIENT_KEY, CLIENT_SECRET, REDIRECT, FakeTikTok, TikTokServer

HEAD = "unit_code,unit_name,unit_kind,platform,handle\n"


class Desk:
    """An administrator with a browser. ``visit`` is what the browser does with the address that Pantau shows."""

    def __init__(self, folder: Path, server: TikTokServer, redirect: str = REDIRECT) -> None:
        self.folder, self.server, self.redirect = folder, server, redirect
        self.shelf_folder = folder / "data" / "tiktok"
        rows = "".join(f"U{n},Desa {n},desa,tiktok,{one.handle}\n" for n, one in enumerate(server.accounts))
        (folder / "accounts.csv").write_text(HEAD + rows)
        self.config = folder / "pantau.toml"
        self.config.write_text(
            f'[collect.tiktok]\nclient_key = "{CLIENT_KEY}"\nclient_secret = "env:PANTAU_TIKTOK_SECRET"\n'
            f'redirect_url = "{redirect}"\napi_url = "{server.url}"\n'
        )
        self.asked: dict[str, str] = {}

    def login(self, handle: str, who: FakeTikTok | None, pasted: str = "") -> Result:
        """Run the command; ``who`` logs in (None: refuses). ``pasted``: paste this instead of the address."""

        def visit(question: str, **_: object) -> str:
            address = next(line for line in self.shown if "/v2/auth/authorize/" in line)
            self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
            if pasted:
                return pasted.replace("STATE", self.asked["state"])
            state = f"state={self.asked['state']}"
            if who is None:
                return f"{self.redirect}?error=access_denied&error_description=no&{state}"
            code = self.server.code_for(who, self.asked.get("code_challenge", "")).replace("*", "%2A")
            return f"{self.redirect}?code={code}&scopes=user.info.basic&{state}"

        self.shown: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("click.echo", lambda text="", **_: self.shown.append(str(text).strip()))
            patch.setattr("click.prompt", visit)
            return CliRunner().invoke(cli, ["-c", str(self.config), "accounts", "tiktok-login", handle])

    def token(self, handle: str) -> Token | None:
        return Shelf(self.shelf_folder).find(Account(platform="tiktok", handle=handle, unit="u"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TikTokServer]:
    monkeypatch.setenv("PANTAU_TIKTOK_SECRET", CLIENT_SECRET)
    with TikTokServer([FakeTikTok("desa_satu"), FakeTikTok("desa_dua")], lambda: datetime.now(UTC)) as running:
        yield running


def test_an_account_logs_in_once_and_its_token_is_stored_for_its_owner_alone(
    server: TikTokServer, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, server)
    result = desk.login("@Desa_Satu", server.accounts[0])
    assert result.exit_code == 0, desk.shown
    token = desk.token("desa_satu")
    assert token is not None
    assert (token.handle, token.username, token.open_id) == ("desa_satu", "desa_satu", server.accounts[0].open_id)
    assert (desk.shelf_folder / "desa_satu.json").stat().st_mode & 0o077 == 0
    assert "code_challenge" not in desk.asked
    assert desk.asked["redirect_uri"] == REDIRECT
    assert "terhubung" in desk.shown[-1]
    for secret in (CLIENT_SECRET, token.access_token, token.refresh_token):
        assert not any(secret in line for line in desk.shown)


def test_an_app_for_the_desktop_sends_a_proof_key_in_tiktoks_spelling(server: TikTokServer, tmp_path: Path) -> None:
    desk = Desk(tmp_path, server, "http://localhost:3455/callback/")
    assert desk.login("desa_satu", server.accounts[0]).exit_code == 0, desk.shown
    assert len(desk.asked["code_challenge"]) == 64
    assert "code_verifier" in server.log[0].form()


def test_the_token_of_another_account_than_the_registered_one_is_not_stored(
    server: TikTokServer, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, server)
    result = desk.login("desa_satu", server.accounts[1])
    assert result.exit_code
    assert "yang masuk adalah @desa_dua, bukan @desa_satu" in str(result.exception) + result.output
    assert desk.token("desa_satu") is desk.token("desa_dua") is None


@pytest.mark.parametrize(
    ("pasted", "word"),
    [
        (f"{REDIRECT}?code=x&state=palsu", "state berbeda"),
        (f"{REDIRECT}?code=x", "state berbeda"),
        ("https://jahat.example/tiktok/?code=x&state=STATE", "bukan alamat kembali"),
        ("http://[::1/?code=x&state=STATE", "bukan alamat kembali"),
        (f"{REDIRECT}?state=STATE", "tidak memuat kode"),
        (f"{REDIRECT}?code=kedaluwarsa&state=STATE", "kode masuk tidak berlaku"),
    ],
)
def test_an_address_that_is_no_answer_to_the_request_is_refused(
    server: TikTokServer, tmp_path: Path, pasted: str, word: str
) -> None:
    desk = Desk(tmp_path, server)
    result = desk.login("desa_satu", server.accounts[0], pasted)
    assert result.exit_code
    assert word in str(result.exception) + result.output
    assert not desk.shelf_folder.exists()


def test_a_refused_or_partial_permission_is_said(server: TikTokServer, tmp_path: Path) -> None:
    desk = Desk(tmp_path, server)
    result = desk.login("desa_satu", None)
    assert "tidak memberi izin (access_denied)" in str(result.exception) + result.output
    server.accounts[0].scopes = "user.info.basic,user.info.profile"
    result = desk.login("desa_satu", server.accounts[0])
    assert "izin belum lengkap (video.list)" in str(result.exception) + result.output
    server.accounts[0].scopes = "user.info.basic,user.info.profile,video.list"
    assert desk.login("desa_satu", server.accounts[0]).exit_code == 0
    assert "user.info.stats" in desk.shown[-1]


def test_an_account_outside_the_register_or_missing_settings_are_named(
    server: TikTokServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, server)
    assert run(["-c", str(desk.config), "accounts", "tiktok-login", "entah"]) == 2
    assert "@entah di daftar akun" in capsys.readouterr().err
    desk.config.write_text("")
    assert run(["-c", str(desk.config), "accounts", "tiktok-login", "desa_satu"]) == 2
    assert "redirect_url" in capsys.readouterr().err


def test_doctor_counts_connected_accounts_and_both_warn_before_a_permission_ends(
    server: TikTokServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, server)
    desk.login("desa_satu", server.accounts[0])
    assert run(["-c", str(desk.config), "doctor", "--no-mail"]) == 0
    assert "1 dari 2 akun terhubung; belum (pantau accounts tiktok-login): @desa_dua" in capsys.readouterr().out
    settings, now = load_settings(desk.config), datetime.now(UTC)
    assert token_warnings(settings, now) == ()
    token = desk.token("desa_satu")
    assert token is not None
    Shelf(desk.shelf_folder).save(msgspec.structs.replace(token, refresh_until=now + timedelta(days=9)))
    (warning,) = token_warnings(settings, now)
    assert "@desa_satu" in warning
    assert run(["-c", str(desk.config), "doctor", "--no-mail"]) == 2
    assert "[SALAH] akun TikTok: Izin akun TikTok habis: @desa_satu" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ('client_key = "k"', "client_secret"),
        ('client_secret = "env:X"', "client_key"),
        ('client_key = "k"\nclient_secret = "langsung"', "client_secret"),
        ('redirect_url = "http://kominfo.contoh.example/"', "redirect_url"),
        ('redirect_url = "https://kominfo.contoh.example/?a=1"', "redirect_url"),
        ('redirect_url = "http://localhost/callback/"', "redirect_url"),
        ('api_url = "open.tiktokapis.com"', "api_url"),
        ("timeout_s = 0.0", "timeout_s"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, keys: str, named: str) -> None:
    path = tmp_path / "pantau.toml"
    path.write_text(f"[collect.tiktok]\n{keys}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert named in str(caught.value)
    assert "langsung" not in str(caught.value).replace("tidak boleh ditulis langsung", "")
