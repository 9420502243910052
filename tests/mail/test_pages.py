"""Every sample page under the validators, in the feature tables of mail programs, and in Chromium."""

from pathlib import Path
from typing import Any

import pytest

from tests.digest import every_page
from tests.digest.every_page import NAMES
from tests.mail import models, tools

WIDTHS = (320, 360, 412)
SEEN = [name for name in NAMES if not name.endswith("-full")]
"""Pages for Chromium: a full one only repeats what the plain one has."""
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for name in NAMES:
        shown = every_page.shown(name)
        (folder / f"{name}-sent.html").write_text(every_page.mailed(name).html, "utf-8")
        (folder / f"{name}-shown.html").write_text(shown, "utf-8")
        (folder / f"{name}-bare.html").write_text(models.without_style(shown), "utf-8")
        (folder / f"{name}-zimbra.html").write_text(models.zimbra(shown).html, "utf-8")
    return folder


def sent(folder: Path) -> list[str]:
    return [str(folder / f"{name}-sent.html") for name in NAMES]


def test_gmail_supports_all_of_a_page_and_every_other_program_nearly_all(folder: Path) -> None:
    for page, clients in tools.node("features.mjs", *sent(folder)).items():
        print(Path(page).stem, {client: found for client, found in clients.items() if found})
        for client, missing in clients.items():
            if client == "gmail.mobile-webmail":  # shows no style element at all; the bare pages below stand for it
                assert set(missing) <= {"<style> element", "@media", "Class selector", "Type selector"}, page
            elif client.startswith("gmail."):
                assert missing == [], (page, client)
            elif client == "outlook.windows":
                assert len(missing) <= 2, page  # table-layout is for Zimbra; Word breaks long words by itself
                assert set(missing) <= {"@media", "Attribute selector", "table-layout"}, page
            else:
                assert len(missing) <= 5, (page, client)


def test_two_validators_find_no_error(folder: Path) -> None:
    assert {page: found for page, found in tools.node("validate.mjs", *sent(folder)).items() if found} == {}
    assert tools.vnu(sent(folder)) == []


def one(kind: str, width: int = 360, **more: bool) -> dict[str, Any]:
    return {"kind": kind, "width": width, **more}


LIGHT = [one("light", width, axe=width in (640, 360)) for width in (640, *WIDTHS)]
SHOWN = [*LIGHT, one("dark", dark=True, axe=True), one("inverted", inverted=True, axe=True)]
BESIDE_PROGRAM = ["region", "landmark-one-main"]
"""A mail is shown inside the page of its program, which has the landmarks."""


@pytest.fixture(scope="module")
def views(folder: Path) -> dict[str, dict[str, Any]]:
    pages: list[dict[str, Any]] = []

    def page(name: str, file: str, views: list[dict[str, Any]], **more: bool) -> None:
        pages.append({"name": name, "file": str(folder / f"{name}-{file}.html"), "views": views, **more})

    for name in SEEN:
        page(name, "shown", SHOWN)
        page(name, "shown", [one("forced", axe=True)], forced=True)
        page(name, "sent", [one("pictures-off")])
        for kind in ("bare", "zimbra"):
            page(name, kind, [one(kind, width) for width in WIDTHS])
    seen = tools.in_chromium(folder, pages, BESIDE_PROGRAM)
    return {f"{view['name']} {view['kind']} {view['width']}": view for view in seen}


def too_wide(views: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {name: seen["scroll"] for name, seen in views.items() if seen["scroll"] > seen["width"]}


def test_no_page_is_wider_than_its_screen_with_or_without_style(views: dict[str, dict[str, Any]]) -> None:
    assert too_wide(views) == {}


def test_axe_finds_nothing_in_light_dark_forced_dark_and_inverted(views: dict[str, dict[str, Any]]) -> None:
    assert {name: seen["violations"][:3] for name, seen in views.items() if seen["violations"]} == {}


def test_no_words_are_hidden_in_any_view(views: dict[str, dict[str, Any]]) -> None:
    assert {name: seen["hidden"][:5] for name, seen in views.items() if seen["hidden"]} == {}


def test_every_view_of_a_night_says_the_same_words(views: dict[str, dict[str, Any]]) -> None:
    for name in SEEN:
        words = {key: seen["text"].split() for key, seen in views.items() if key.split()[0] == name}
        assert all(shown == words[f"{name} light 360"] for shown in words.values()), name


def test_without_pictures_every_picture_is_its_words_in_its_place(views: dict[str, dict[str, Any]]) -> None:
    for name in SEEN:
        for image in views[f"{name} pictures-off 360"]["images"]:
            assert image["alt"].strip()
            assert image["width"]
            assert image["height"]
            assert not image["drawn"]


@pytest.mark.parametrize("name", NAMES)
def test_zimbra_keeps_every_element_and_loses_only_what_nobody_sees(name: str) -> None:
    kept = models.zimbra(every_page.mailed(name).html)
    assert kept.elements == set()
    assert {attribute.split(".")[1] for attribute in kept.attributes} <= {"role", "style", "class"}
    assert {a for a in kept.attributes if not a.endswith(".role")} <= {"a.style", "a.class"}
    assert kept.properties <= {"word-break"}
