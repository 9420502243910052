"""Addresses, wire checks, the report and the note to the operator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pantau.core.errors import DeliveryError
from pantau.core.model import Mail
from pantau.delivery.plain import send_plain
from pantau.delivery.report import OUTCOMES, DeliveryReport, MailResult
from pantau.delivery.transport import address_fault, message_id_of, shown, wire_fault
from tests.delivery.bench import CREATED, OWN, Bench, mail_to

OPERATOR = "operator@kantor.example"


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_no_address_that_passes_can_end_or_extend_a_command(text: str) -> None:
    if not address_fault(text):
        assert text.isascii()
        assert not set(text) & set(" \t\r\n<>\0,;")
        assert text.count("@") >= 1


@pytest.mark.parametrize("address", ["sekda@kantor.example", "a.b+c_d%e@xn--kntor-hra.example", "o'brien@x.example"])
def test_ordinary_addresses_pass(address: str) -> None:
    assert address_fault(address) == ""


@given(st.binary(max_size=300))
def test_no_body_that_passes_holds_a_bare_line_end(body: bytes) -> None:
    good = mail_to("a@x.y")
    mail = Mail(
        message_id=good.message_id, run_id="", edition="", recipient="", wire=good.wire + body, created_at=CREATED
    )
    if not wire_fault(mail):
        assert (good.wire + body).isascii()
        assert b"\n" not in (good.wire + body).replace(b"\r\n", b"")


def test_a_folded_message_id_is_read_and_one_in_the_body_is_not() -> None:
    assert message_id_of(b"Subject: x\r\nMessage-Id:\r\n <a@b>\r\n\r\n") == "<a@b>"
    assert message_id_of(b"Subject: x\r\n\r\nMessage-ID: <a@b>\r\n") == ""


@given(st.binary(max_size=600))
def test_a_servers_reply_is_shown_on_one_short_line(reply: bytes) -> None:
    line = shown(reply)
    assert len(line) <= 200
    assert line.isprintable()


def test_only_a_mail_that_surely_arrived_counts_as_delivered() -> None:
    for outcome in OUTCOMES:
        result = MailResult(message_id="<a@b>", run_id="r", edition="staff", recipient="a@b", outcome=outcome)
        report = DeliveryReport(results=(result,))
        assert report.complete == (outcome in ("sent", "already_sent"))
        assert report.summary().startswith("1 ")


class TestNoteToTheOperator:
    def test_it_goes_out_once_and_the_line_is_closed(self, bench: Bench) -> None:
        wire = mail_to(OPERATOR).wire
        assert send_plain(bench.courier(), OPERATOR, wire, at=CREATED) is True
        assert bench.smtp.mails(OPERATOR) == [wire]
        assert bench.smtp.commands[-1].lower() == "quit"

    def test_a_lost_answer_is_admitted_and_nothing_is_repeated(self, bench: Bench) -> None:
        bench.smtp.fault("stored", "drop")
        assert send_plain(bench.courier(), OPERATOR, mail_to(OPERATOR).wire, at=CREATED) is False
        assert len(bench.smtp.mails(OPERATOR)) == 1

    @pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
    def test_a_refusal_is_an_error(self, bench: Bench, stage: str) -> None:
        bench.smtp.fault(stage, code=451)  # type: ignore[arg-type]
        with pytest.raises(DeliveryError, match="operator"):
            send_plain(bench.courier(), OPERATOR, mail_to(OPERATOR).wire, at=CREATED)

    def test_a_note_without_message_id_or_to_nobody_is_refused_before_the_session(self, bench: Bench) -> None:
        for recipient, wire in (
            (OPERATOR, b"Subject: x\r\n\r\nisi\r\n8-bit: \xff"),
            ("bukan alamat", mail_to(OWN).wire),
        ):
            with pytest.raises(DeliveryError):
                send_plain(bench.courier(), recipient, wire, at=CREATED)
        assert bench.smtp.sessions == 0
