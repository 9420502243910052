"""What ``pantau doctor`` says of Meta's token, and which sources the settings switch on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collectors.base import Pace
from collectors.instagram import InstagramCollector
from collectors.instagram_graph import InstagramGraphCollector
from collectors.instagram_web import InstagramWebCollector
from collectors.registry import COLLECTORS
from jobs.__main__ import run
from pantau.core.errors import SettingsError
from pantau.core.settings import Settings
from pantau.core.settings_file import load_settings
from tests.fakes import SimClock
from tests.jobs.office import NIGHT, open_office
from tests.servers.graph_server import OUR_USER_ID, TOKEN, GraphServer

ROOT = Path(__file__).resolve().parents[2]


def settings_with(folder: Path, instagram: str, meta: str = "") -> Path:
    """A settings file with these two sections, and a register beside it."""
    path = folder / "pantau.toml"
    path.write_text(f"[collect.instagram]\n{instagram}\n[collect.meta]\n{meta}\n", "utf-8")
    (folder / "accounts.csv").write_bytes((ROOT / "accounts.example.csv").read_bytes())
    return path


def doctor(path: Path) -> int:
    """Run the command without mail."""
    return run(["-c", str(path), "doctor", "--no-mail"])


@pytest.mark.parametrize(
    ("expires_in", "code", "word"),
    [(None, 0, "tidak kedaluwarsa"), (timedelta(days=50), 0, "berlaku sampai"), (timedelta(days=9), 2, "habis pada")],
)
def test_doctor_tells_until_when_the_token_holds_and_warns_ten_days_ahead(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    expires_in: timedelta | None,
    code: int,
    word: str,
) -> None:
    monkeypatch.setenv("PANTAU_IG_TOKEN", TOKEN)
    with GraphServer() as server:
        server.token_expires = datetime.now(UTC) + expires_in if expires_in else None
        keys = f'graph_token = "env:PANTAU_IG_TOKEN"\ngraph_user_id = "{OUR_USER_ID}"'
        assert doctor(settings_with(tmp_path, keys, f'api_url = "{server.url}"')) == code
    out, err = capfd.readouterr()
    assert word in out
    assert TOKEN not in out + err


def test_doctor_asks_about_the_token_for_facebook_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANTAU_FB_TOKEN", TOKEN)
    with GraphServer() as server:
        path = settings_with(
            tmp_path, "", f'api_url = "{server.url}"\n[collect.facebook]\ntoken = "env:PANTAU_FB_TOKEN"'
        )
        assert doctor(path) == 0
        assert COLLECTORS["facebook"].is_set_up(load_settings(path))
    assert "collect.facebook.token tidak kedaluwarsa" in capfd.readouterr().out


def test_doctor_says_that_the_token_is_refused_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PANTAU_IG_TOKEN", "EAAtokenlama")
    with GraphServer() as server:
        keys = f'graph_token = "env:PANTAU_IG_TOKEN"\ngraph_user_id = "{OUR_USER_ID}"'
        assert doctor(settings_with(tmp_path, keys, f'api_url = "{server.url}"')) == 2
    out, err = capfd.readouterr()
    assert "[SALAH] token Meta" in out
    assert "EAAtokenlama" not in out + err


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ("enabled = true", InstagramWebCollector),
        ('graph_token = "env:PANTAU_IG_TOKEN"\ngraph_user_id = "1784"', InstagramGraphCollector),
        ('enabled = true\ngraph_token = "env:PANTAU_IG_TOKEN"\ngraph_user_id = "1784"', InstagramCollector),
    ],
)
def test_the_settings_choose_the_sources_behind_the_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, kind: type
) -> None:
    monkeypatch.setenv("PANTAU_IG_TOKEN", TOKEN)
    settings = load_settings(settings_with(tmp_path, keys))
    clock = SimClock()
    assert COLLECTORS["instagram"].is_set_up(settings)
    built = COLLECTORS["instagram"].build(settings, Pace(clock.now, clock.sleep, clock.now()))
    assert type(built) is kind
    assert built.platform == "instagram"
    assert not COLLECTORS["instagram"].is_set_up(Settings())


@pytest.mark.parametrize(
    ("instagram", "meta", "key"),
    [
        ('graph_token = "env:X"', "", "graph_user_id"),
        ('graph_token = "EAAlangsung"\ngraph_user_id = "1784"', "", "graph_token"),
        ("", 'api_version = "25"', "api_version"),
        ("", 'api_url = "graph.facebook.com"', "api_url"),
        ("", "stop_percent = 0", "stop_percent"),
        ("", "read_timeout_s = 0.0", "read_timeout_s"),
        ("", "max_wait_s = -1.0", "max_wait_s"),
        ("", 'app_secret = "langsung"', "app_secret"),
    ],
)
def test_wrong_settings_are_named_and_no_secret_is_shown(tmp_path: Path, instagram: str, meta: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(settings_with(tmp_path, instagram, meta))
    assert key in str(caught.value)
    assert "langsung" not in str(caught.value).replace("tidak boleh ditulis langsung", "")


def test_the_digest_warns_of_a_token_ten_days_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANTAU_FB_TOKEN", TOKEN)
    with GraphServer() as server, open_office(tmp_path, apart=False) as office:
        server.token_expires = datetime.now(UTC) + timedelta(days=9)
        office.settings_tail = (
            f'[collect.facebook]\ntoken = "env:PANTAU_FB_TOKEN"\n[collect.meta]\napi_url = "{server.url}"'
        )
        office.write()
        assert office.night().returncode == 0
        assert "Token collect.facebook.token habis pada" in office.run("digest", "show", "--format", "text").stdout
        server.token_expires = datetime.now(UTC) + timedelta(days=11)
        office.night(NIGHT + timedelta(days=1))
        assert "habis pada" not in office.run("digest", "show", "--format", "text").stdout
