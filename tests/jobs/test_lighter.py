"""Mails that would be too heavy: below the office's own limit before they are sent, and lighter when a server says so."""

import secrets
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from jobs.attaching import prepare
from pantau.core.settings import Settings
from pantau.digest.build import build
from pantau.digest.render import Renderer
from tests.digest import sample
from tests.jobs.office import READERS, Office, open_office


@pytest.fixture
def office(tmp_path: Path):
    with open_office(tmp_path, apart=False) as opened:
        yield opened


def test_a_document_of_many_megabytes_stays_at_home_and_the_mail_below_eight(tmp_path: Path) -> None:
    """A letterhead that somebody scanned at full size: the PDF alone is over 10 MB."""
    side = 1900
    Image.frombytes("RGB", (side, side), secrets.token_bytes(side * side * 3)).save(tmp_path / "lambang.png")
    settings = Settings()
    settings = msgspec.structs.replace(
        settings,
        digest=msgspec.structs.replace(settings.digest, mail_mb=8.0),
        office=msgspec.structs.replace(sample.OFFICE, emblem=str(tmp_path / "lambang.png")),
    )
    data = msgspec.structs.replace(sample.rich(), office=settings.office)
    made = prepare(settings, Renderer(), build(data), ("xlsx", "pdf"))
    assert len(made.documents["pdf"]) > 8_000_000
    assert [item.format for item in made.attachments] == ["xlsx"]
    assert "PDF tidak dilampirkan agar surel tidak terlalu berat" in " ".join(made.rendered.text.split())
    assert "PDF tidak dilampirkan agar surel tidak terlalu berat" in " ".join(made.rendered.html.split())


def test_a_server_that_refuses_the_size_gets_the_mail_without_its_documents(office: Office) -> None:
    office.settings_tail = "[digest]\n"  # with its papers
    office.write()
    office.smtp.size_limit_bytes = 80_000
    ended = office.night()
    assert ended.returncode in (0, 1), ended.stderr
    for address in READERS:
        (wire,) = office.smtp.mails(address)
        assert len(wire) <= 80_000
        message = message_from_bytes(wire, policy=default)
        text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert text.startswith("Server surel menolak ukuran surel ini, jadi dikirim tanpa PDF")
        assert "pdf" not in [part.get_content_subtype() for part in message.walk()]
    assert office.run("audit", "verify").returncode == 0
    office.night()
    assert office.copies() == [1, 1, 1]
