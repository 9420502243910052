"""``network.ca_file`` stands in the settings file, so it is looked for beside it, wherever a command is started."""

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from collectors.http import http_client
from jobs.wiring import check_mail
from pantau.core.errors import SettingsError
from pantau.core.settings import Settings
from pantau.core.settings_file import load_settings
from tests.servers.base import LocalServer, Reply, Request
from tests.servers.certificates import make_certificates
from tests.servers.smtp_server import SmtpServer

Loaded = Callable[[str, str], Settings]


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Settings of an office whose authority lies beside them, loaded while standing in another folder."""

    def load(ca_source: str, more: str = "") -> Settings:
        office, elsewhere = tmp_path / "kantor", tmp_path / "tempat-lain"
        for folder in (office / "tls", elsewhere):
            folder.mkdir(parents=True)
        shutil.copy(ca_source, office / "tls" / "ca.pem")
        (office / "pantau.toml").write_text(f'[network]\nca_file = "tls/ca.pem"\n{more}', "utf-8")
        monkeypatch.chdir(elsewhere)
        return load_settings(office / "pantau.toml")

    return load


class Greeting(LocalServer):
    """Answers every request in one word."""

    def route(self, request: Request) -> Reply:
        return Reply(200, b"halo")


def test_collectors_trust_the_offices_authority_from_any_folder(loaded: Loaded) -> None:
    with Greeting(direct_tls=True) as server:
        with http_client(loaded(server.ca_file, "").network, 5.0) as client:
            assert client.get(server.url).text == "halo"
        with http_client(Settings().network, 5.0) as stranger, pytest.raises(httpx.ConnectError):
            stranger.get(server.url)


def test_mail_trusts_the_offices_authority_from_any_folder(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = make_certificates(tmp_path / "certificates")
    with SmtpServer(certificates) as server:
        monkeypatch.setenv("PANTAU_TEST_PASSWORD", server.password)
        mail = f'[mail]\nhost = "localhost"\nport = {server.port}\nuser = "{server.user}"\n'
        mail += f'from_address = "{server.user}"\npassword = "env:PANTAU_TEST_PASSWORD"\n'
        check_mail(loaded(str(certificates.ca_file), mail))
        assert server.logins == [True]


def test_an_authority_file_that_is_not_there_stops_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "pantau.toml"
    path.write_text('[network]\nca_file = "ca-kantor.pem"\n', "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    assert "network.ca_file" in str(caught.value)
    assert str(tmp_path / "ca-kantor.pem") in str(caught.value)
