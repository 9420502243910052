"""The archive's pages in Chromium: readable for everybody at phone size, by day and by night, and never wider than the screen."""

from pathlib import Path
from typing import Any

import pytest

from pantau.digest.archive_stored import safe_page
from tests.digest import every_page, test_archive
from tests.mail import tools

PAGES = {
    "start": "index.html",
    "search": "cari.html",
    "unit": "unit/opd-02/index.html",
    "finding": "unit/opd-02/temuan-1.html",
    "posts": "unit/opd-05/2026-11.html",
    "night": "malam/n-20261124.html",
    "staff": "malam/n-20261124-staff.html",
    "week": "malam/n-20261124-week.html",
    "unit's": "malam/n-20261124-unit.html",
    "rule": "aturan/judi-daring.html",
}
VIEWS = [
    {"kind": kind, "width": width, "dark": dark, "axe": True}
    for kind, width, dark in (("light", 640, False), ("light", 360, False), ("dark", 360, True))
]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("archive") / "site"
    test_archive.build(target)
    for name in ("staff", "week", "unit"):  # as jobs hand them over: the pages that were mailed
        stored = safe_page(every_page.mailed(name).page, "n-20261124.html")
        (target / "malam" / f"n-20261124-{name}.html").write_bytes(stored)
    return target


@pytest.fixture(scope="module")
def views(site: Path) -> list[dict[str, Any]]:
    pages = [{"name": name, "file": str(site / path), "views": VIEWS} for name, path in PAGES.items()]
    return tools.in_chromium(site.parent, pages, [])


def test_axe_finds_nothing_on_any_kind_of_page(views: list[dict[str, Any]]) -> None:
    assert len(views) == len(PAGES) * len(VIEWS)
    found = {(seen["name"], seen["kind"], seen["width"]): seen["violations"][:4] for seen in views}
    assert {view: violations for view, violations in found.items() if violations} == {}


def test_no_page_is_wider_than_a_telephone(views: list[dict[str, Any]]) -> None:
    assert {(seen["name"], seen["width"]): seen["scroll"] for seen in views if seen["scroll"] > seen["width"]} == {}


def test_the_validator_finds_no_error(site: Path) -> None:
    pages = [str(site / path) for path in PAGES.values()]
    assert tools.vnu(pages) == []
