"""Mails as files: for the demo, the trial run and offices that forward by hand."""

import socket
from email import message_from_bytes
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.core.errors import DeliveryError
from pantau.core.settings import MailSettings
from pantau.delivery.folder import FolderTransport, file_name
from pantau.delivery.report import DeliveryReport
from pantau.delivery.run import deliver
from tests.delivery.bench import mail_to
from tests.fakes import MemoryOutbox, SimClock


def into(folder: Path, outbox: MemoryOutbox) -> DeliveryReport:
    clock = SimClock()
    return deliver(outbox, FolderTransport(folder), clock.now, clock.sleep, settings=MailSettings())


def test_a_trial_run_writes_every_mail_and_opens_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", forbidden)
    monkeypatch.setattr(socket, "create_connection", forbidden)
    mails = [mail_to(f"r{n}@kantor.example", n) for n in range(3)]
    report = into(tmp_path / "surel", MemoryOutbox(mails))
    files = sorted((tmp_path / "surel").iterdir())
    assert (report.sent, len(files)) == (3, 3)
    assert {file.read_bytes() for file in files} == {mail.wire for mail in mails}
    assert all(file.suffix == ".eml" for file in files)
    assert message_from_bytes(files[0].read_bytes())["Subject"] == "Ringkasan"


def test_a_file_name_says_whose_mail_it_is() -> None:
    assert file_name(mail_to("sekda@kantor.example")).startswith("n-20261124-staff-sekda@kantor.example-")


def test_a_run_killed_after_writing_leaves_one_file_when_it_starts_again(tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(_message_id: str, state: str) -> None:
        if state == "sent":
            raise Killed

    outbox = MemoryOutbox([mail_to("a@kantor.example")])
    outbox.before_mark = kill
    with pytest.raises(Killed):
        into(tmp_path, outbox)
    outbox.before_mark = lambda _message_id, _state: None
    assert into(tmp_path, outbox).sent == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_named_and_no_mail_counts_as_sent(tmp_path: Path) -> None:
    (tmp_path / "surel").write_text("bukan folder")
    outbox = MemoryOutbox([mail_to("a@kantor.example")])
    with pytest.raises(DeliveryError, match=r"surel.*mail\.folder"):
        into(tmp_path / "surel", outbox)
    assert outbox.states() == {"a@kantor.example": "ready"}


@given(recipient=st.text(max_size=300), run_id=st.text(max_size=300), edition=st.text(max_size=40))
def test_no_name_leaves_the_folder_or_breaks_a_file_system(recipient: str, run_id: str, edition: str) -> None:
    name = file_name(msgspec.structs.replace(mail_to("a@x.y"), recipient=recipient, run_id=run_id, edition=edition))
    assert not set(name) & set('/\\:*?"<>|\0\r\n')
    assert len(name) <= 200
    assert not name.startswith(".")
