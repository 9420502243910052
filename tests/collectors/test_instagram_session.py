import io
import json
import os
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instaloader.instaloadercontext import InstaloaderContext

from collectors.base import CollectorError
from collectors.instagram_session import read_session

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
COOKIES = {"sessionid": "s", "csrftoken": "c", "ds_user_id": "7"}


def write(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


def refused(path: Path) -> str:
    with pytest.raises(CollectorError) as caught:
        read_session(path, NOW)
    assert caught.value.unread_class == "token"
    assert caught.value.source_down
    return str(caught.value)


def test_a_session_saved_by_instaloader_itself_is_read(tmp_path: Path) -> None:
    context = InstaloaderContext(quiet=True)
    context.load_session("pemantau", dict(COOKIES))
    file = io.BytesIO()
    context.save_session_to_file(file)
    assert read_session(write(tmp_path / "session", file.getvalue()), NOW).values == COOKIES


@pytest.mark.parametrize(
    "data",
    [
        COOKIES,
        [{"name": name, "value": value, "domain": ".instagram.com"} for name, value in COOKIES.items()],
        {"cookies": [{"name": name, "value": value} for name, value in COOKIES.items()]},
    ],
    ids=["table", "browser list", "list in an object"],
)
def test_json_cookies_are_read(tmp_path: Path, data: Any) -> None:
    assert read_session(write(tmp_path / "session.json", json.dumps(data).encode()), NOW).values == COOKIES


def test_a_missing_file_is_said_with_what_to_do(tmp_path: Path) -> None:
    text = refused(tmp_path / "none.json")
    assert "none.json" in text
    assert "peramban" in text


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    assert "chmod 600" in refused(write(tmp_path / "session.json", json.dumps(COOKIES).encode(), 0o644))


def test_an_expired_session_is_told_from_a_valid_one(tmp_path: Path) -> None:
    def cookies(until: float) -> bytes:
        return json.dumps(
            [{"name": name, "value": value, "expirationDate": until} for name, value in COOKIES.items()]
        ).encode()

    assert read_session(write(tmp_path / "a", cookies(NOW.timestamp() + 60)), NOW).values == COOKIES
    assert "sessionid" in refused(write(tmp_path / "b", cookies(NOW.timestamp() - 60)))


def test_cookies_of_other_sites_do_not_count(tmp_path: Path) -> None:
    other = [{"name": name, "value": value, "domain": ".example.com"} for name, value in COOKIES.items()]
    refused(write(tmp_path / "a", json.dumps(other).encode()))


def test_a_session_file_cannot_run_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "owned"),)

    refused(write(tmp_path / "evil", pickle.dumps({"sessionid": Evil()})))
    assert not (tmp_path / "owned").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: b"\x80\x04" + tail))
def test_a_garbled_session_file_is_a_reason_and_never_a_crash(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "garbled"
    path.unlink(missing_ok=True)
    refused(write(path, data))
