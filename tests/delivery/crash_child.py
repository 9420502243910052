"""A process that delivers an outbox on disk, to be killed from outside. Started by a fork server that has it all loaded."""

import os
import signal
from pathlib import Path

import msgspec

from pantau.core.settings import MailSettings, Network
from pantau.delivery.courier import Courier
from pantau.delivery.reconcile import OwnMailbox
from pantau.delivery.run import deliver
from tests.fakes import MemoryOutbox, SimClock


class Job(msgspec.Struct, kw_only=True):
    """What the process is told. ``kill_before``: the state before whose commit it kills itself, after a first mail."""

    settings: MailSettings
    ca_file: str
    password: str
    outbox: str
    look_up: bool = True
    kill_before: str = ""


def run(encoded: bytes) -> None:
    """Deliver what the JSON job says, unless killed."""
    job = msgspec.json.decode(encoded, type=Job)
    outbox = MemoryOutbox(path=Path(job.outbox))

    def end(_message_id: str, state: str) -> None:
        if state == job.kill_before and len(outbox.history) > 3:  # the first mail goes through
            os.kill(os.getpid(), signal.SIGKILL)

    outbox.before_mark = end
    network, clock = Network(ca_file=job.ca_file), SimClock()
    lookup = OwnMailbox(job.settings, network, job.password) if job.look_up else None
    courier = Courier(job.settings, network, job.password)
    deliver(outbox, courier, clock.now, clock.sleep, settings=job.settings, lookup=lookup)
