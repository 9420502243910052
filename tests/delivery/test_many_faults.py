"""Three hundred mails through a server that fails at random and a sender that crashes at random."""

import contextlib
import random
from collections import Counter
from datetime import timedelta

import pytest

from tests.delivery.bench import OWN, Bench, mail_to
from tests.servers.imap_server import ImapServer
from tests.servers.smtp_server import Fault, Stage

MAILS = 300
GONE = frozenset(range(0, MAILS, 20))
"""Readers whom the server does not know: 285 remain."""


class Crash(BaseException):
    """The process ends here."""


class Trouble:
    """What goes wrong, drawn from one seed. Never both at once: our own mailbox refusing its copy and an answer lost."""

    CHANCES = (
        ("connect", "drop", 0, 0.05),
        ("auth", "reply", 454, 0.03),
        ("mail", "drop", 0, 0.01),
        ("mail", "reply", 421, 0.01),
        ("rcpt", "reply", 451, 0.03),
        ("rcpt", "drop", 0, 0.01),
        ("data", "reply", 452, 0.01),
        ("data", "drop", 0, 0.01),
        ("dot", "reply", 451, 0.01),
        ("dot", "drop", 0, 0.03),
        ("stored", "drop", 0, 0.04),
        ("rset", "drop", 0, 0.02),
    )

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.happened: Counter[str] = Counter()

    def decide(self, stage: Stage, argument: str) -> Fault | None:
        if stage == "rcpt" and OWN in argument:
            return None
        if stage == "rcpt" and any(f"<r{n}@" in argument for n in GONE):
            return Fault("rcpt", code=550, text="5.1.1 no such user")
        for at, action, code, chance in self.CHANCES:
            if stage == at and self.dice.random() < chance:
                self.happened[f"{stage} {action} {code or ''}".strip()] += 1
                return Fault(stage, action, code)  # type: ignore[arg-type]
        return None

    def crash(self, _message_id: str, state: str) -> None:
        if self.dice.random() < 0.01:
            self.happened[f"crash at {state}"] += 1
            raise Crash


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_mail_is_doubled_lost_or_falsely_called_sent(bench: Bench, imap: ImapServer, seed: int) -> None:
    bench.imap(imap)
    trouble = Trouble(seed)
    bench.smtp.decide = trouble.decide
    bench.outbox.before_mark = bench.outbox.after_mark = trouble.crash
    for n in range(MAILS):
        bench.outbox.add(mail_to(f"r{n}@kantor.example", n))
    falsely_sent: set[str] = set()
    for _ in range(100):
        imap.down = trouble.dice.random() < 0.2
        with contextlib.suppress(Crash):
            bench.deliver()
        for mail in bench.outbox.mails.values():
            if mail.state == "sent" and not bench.smtp.mails(mail.recipient):
                falsely_sent.add(mail.recipient)
        if not bench.outbox.due(bench.clock.now() + timedelta(days=1)):
            break
    wanted = {f"r{n}@kantor.example": 0 if n in GONE else 1 for n in range(MAILS)}
    assert {reader: len(bench.smtp.mails(reader)) for reader in wanted} == wanted
    assert bench.outbox.states() == {reader: "sent" if count else "failed" for reader, count in wanted.items()}
    assert falsely_sent == set()
    assert trouble.happened["stored drop"] > 3
    assert trouble.happened["dot drop"] > 3
    assert sum(count for what, count in trouble.happened.items() if what.startswith("crash")) > 5
