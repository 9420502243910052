"""One mail outside the outbox: the short note to the operator when the job itself is in trouble."""

from datetime import datetime

from pantau.core.errors import DeliveryError
from pantau.core.model import Mail
from pantau.delivery.transport import (
    LineLostError,
    RefusedError,
    ReplyLostError,
    Transport,
    UnreachableError,
    address_fault,
    message_id_of,
    wire_fault,
)


def send_plain(transport: Transport, recipient: str, wire: bytes, *, at: datetime) -> bool:
    """Hand one finished message over, once, and close the line. ``wire`` carries its own Message-ID; ``at`` is now.

    True: the server took it. False: it was handed over but the answer got lost. Raises ``DeliveryError`` when the operator
    certainly does not get it. There is no second attempt: whoever reports a failure must not hang on another one.
    """
    mail = Mail(
        message_id=message_id_of(wire), run_id="", edition="operator", recipient=recipient, wire=wire, created_at=at
    )
    fault = address_fault(recipient) or wire_fault(mail)
    if fault:
        raise DeliveryError(f"Surel untuk operator tidak dapat dikirim: {fault}.")
    try:
        transport.open()
        transport.send(mail, lambda _own_copy: None)
    except ReplyLostError:
        return False
    except (UnreachableError, LineLostError, RefusedError) as error:
        raise DeliveryError(f"Surel untuk operator {recipient} tidak terkirim: {error}") from None
    finally:
        transport.close()
    return True
