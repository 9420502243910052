"""``pantau import`` of Meta's exports as the office runs it: the account named or found, pictures from the unpacked folder."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.desk import FIRST_NIGHT, Desk

ROW = {
    "unit_code": "OPD-99",
    "unit_name": "Dinas Foto",
    "unit_kind": "opd",
    "platform": "instagram",
    "handle": "dinas_foto",
}


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path, capfd).set_clock(monkeypatch)
    made.write(extra_rows=[ROW])
    return made


def export(folder: Path, *captions: str) -> Path:
    """A zip as Instagram hands it out, without the file that names its owner."""
    at = int((FIRST_NIGHT - timedelta(hours=8)).timestamp())
    entries = [
        {"media": [{"uri": f"media/posts/{n}.jpg", "creation_timestamp": at + 100 * n, "title": caption}]}
        for n, caption in enumerate(caption.encode().decode("latin-1") for caption in captions)
    ]
    path = folder / "instagram-dinas_foto.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("your_instagram_activity/media/posts_1.json", json.dumps(entries))
    return path


def test_the_account_of_an_export_can_be_named_and_its_posts_come_into_the_next_digest(desk: Desk) -> None:
    path = export(desk.folder, "Panen bawang – 30 kuintal 🧅", "Posyandu")
    refused = desk.run("import", str(path), code=2)
    assert "--account instagram:nama_akun" in refused
    assert "2 unggahan baru, 0 sudah ada" in desk.run("import", str(path), "--account", "instagram:@dinas_foto")
    assert "0 unggahan baru, 2 sudah ada" in desk.run("import", str(path), "--account", "instagram:dinas_foto")
    text = desk.night(1)
    assert ">>Panen bawang<< – 30 kuintal 🧅" in text
    assert "@dinas_foto (Instagram)" in text


def test_an_account_that_is_not_registered_is_named_with_the_remedy(desk: Desk) -> None:
    refused = desk.run("import", str(export(desk.folder, "a")), "--account", "instagram:salah_ketik", code=2)
    assert "instagram:salah_ketik" in refused
    assert "accounts.csv" in refused
