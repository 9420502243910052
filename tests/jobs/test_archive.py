"""``pantau archive build`` on a real night's store, as staff and cron call it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from tests.jobs.office import NIGHT, Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("kantor"), apart=False) as opened:
        opened.night()
        yield opened


def page(office: Office, name: str) -> str:
    return (office.folder / "arsip" / name).read_text("utf-8")


def test_a_night_becomes_a_site_with_the_numbers_that_its_readers_were_told(office: Office) -> None:
    done = office.run("archive", "build", "--output", "arsip")
    assert done.returncode == 0, done.stderr
    assert "1 malam" in done.stdout
    told = json.loads((office.folder / "data" / "runs" / "n-20261120" / "digest.json").read_text("utf-8"))
    start = page(office, "index.html")
    assert told["headline"] in start
    assert f"<b>{told['counts']['flags']}</b> perlu dicek" in start
    assert "matamu picek" in page(office, "unit/opd-01/temuan-1.html")
    assert "Pipa induk sudah tersambung" in page(office, "unit/opd-03/2026-11.html")
    assert "Perlu dicek" in page(office, "aturan/javanese-swear.html")
    assert "Kembali ke arsip" in page(office, "malam/n-20261120-staff.html")


def test_building_again_rewrites_nothing_and_a_decision_only_what_it_touches(office: Office) -> None:
    office.run("archive", "build", "--output", "arsip")
    assert "0 ditulis" in office.run("archive", "build", "--output", "arsip").stdout
    keys = office.run("review", "list").stdout.split()
    key = next(word for word in keys if len(word) == 16 and set(word) <= set("0123456789ABCDEF"))
    assert office.run("review", "dismiss", key, "--reason", "lirik lagu").returncode == 0
    written = office.run("archive", "build", "--output", "arsip").stdout.split("Berkas  : ")[1].split()[0]
    assert 0 < int(written) <= 6
    assert any("lirik lagu" in path.read_text("utf-8") for path in (office.folder / "arsip").rglob("temuan-*.html"))


def test_since_leaves_out_earlier_nights_and_posts(office: Office) -> None:
    day = (NIGHT + timedelta(days=1)).date().isoformat()
    done = office.run("archive", "build", "--output", "kelak", "--since", day)
    assert done.returncode == 0, done.stderr
    assert "0 malam, 0 unggahan" in done.stdout
    assert "Belum ada malam" in (office.folder / "kelak" / "index.html").read_text("utf-8")


def test_a_foreign_folder_is_a_mistake_and_a_running_build_is_waited_for(office: Office) -> None:
    done = office.run("archive", "build", "--output", str(office.folder))
    assert done.returncode == 2
    assert "bukan arsip Pantau" in done.stderr
    with FileLock(office.folder / ".arsip.kunci"):
        assert office.run("archive", "build", "--output", "arsip").returncode == 4


def test_the_templates_of_the_archive_travel_with_the_wheel() -> None:
    folder = Path(__file__).resolve().parents[2] / "templates" / "archive"
    assert {"arsip.css", "cari.js", "_dasar.html.j2"} <= {path.name for path in folder.iterdir()}
