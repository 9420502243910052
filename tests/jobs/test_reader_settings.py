"""The section ``[reader]`` of the settings."""

import tomllib
from pathlib import Path

import pytest

from jobs.wiring import reader_chat
from pantau.core.errors import SecretError, SettingsError
from pantau.core.settings import Settings
from pantau.core.settings_file import settings_from
from tests.jobs.office import ROOT

URL = "http://localhost:11434/v1"


def loaded(**keys: object) -> Settings:
    return settings_from({"reader": keys}, "pantau.toml", Path())


def test_it_is_off_by_default_and_the_example_holds_every_key_with_its_default() -> None:
    assert reader_chat(Settings()) is None
    example = tomllib.loads((ROOT / "pantau.example.toml").read_text("utf-8"))["reader"]
    assert set(example) == set(Settings().reader.__struct_fields__)
    assert loaded(**example).reader == Settings().reader


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"url": URL}, "reader.model"),
        ({"url": "localhost:11434", "model": "a"}, "reader.url"),
        ({"batch_posts": 0}, "reader.batch_posts"),
        ({"timeout_s": -1.0}, "reader.timeout_s"),
        ({"retries": -1}, "reader.retries"),
        ({"price_in": -0.1}, "reader.price_in"),
        ({"mode": "some"}, "reader.mode"),
        ({"erase": True}, "reader.erase"),
    ],
)
def test_a_wrong_key_is_named(keys: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        loaded(**keys)


def test_a_key_written_into_the_file_is_refused_and_never_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(url=URL, model="a", api_key="sk-very-secret")
    assert "reader.api_key" in str(caught.value)
    assert "very-secret" not in str(caught.value)


def test_a_missing_key_stops_before_anything_runs() -> None:
    with pytest.raises(SecretError, match="PANTAU_NO_SUCH_KEY"):
        reader_chat(loaded(url=URL, model="a", api_key="env:PANTAU_NO_SUCH_KEY"))


def test_all_that_it_may_do_is_bounded_by_default() -> None:
    reader = Settings().reader
    assert (reader.open_review, reader.confirm_review, reader.lower_flag) == (True, True, False)
    assert reader.max_cost_per_night > 0
