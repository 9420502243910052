"""A scripted SMTP submission server over real sockets: it can accept, refuse, drop, stall and lie at every step.

with SmtpServer(certificates) as server:
    server.fault("rcpt", code=450, about="b@kantor.example")     # refuses once
    server.fault("stored", "drop")                               # took the mail, then the line breaks: lost reply
    ... talk to server.host, server.port with server.user, server.password ...
    assert len(server.mails("b@kantor.example")) == 1
"""

import base64
import contextlib
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from tests.servers.certificates import Certificates
from tests.servers.mail_store import MailStore

Stage = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "stored", "rset", "quit"]
"""``body``: some of the message is there; ``dot``: all of it, not stored yet; ``stored``: in the mailboxes, not answered yet."""
Action = Literal["reply", "drop", "stall", "lie", "call"]


@dataclass
class Fault:
    """What goes wrong at a stage. Only events whose argument holds ``about`` count; hits the ``first``-th and on, ``times``.

    ``reply``: answer ``code text`` (at ``stored``: although the mail is stored). ``drop``: hang up. ``stall``: silence for
    ``stall_s`` seconds, then hang up. ``lie``: say 250 and, at ``dot``, throw the mail away. ``call``: run ``call`` in the
    server's thread, then go on as usual.
    """

    stage: Stage
    action: Action = "reply"
    code: int = 451
    text: str = "4.3.0 come back later"
    about: str = ""
    stall_s: float = 30.0
    call: Callable[[], None] | None = None
    first: int = 1
    times: int | None = 1
    seen: int = 0
    hits: int = 0

    def takes(self, stage: Stage, argument: str) -> bool:
        """Count the event; True when it is to be hit."""
        if stage != self.stage or self.about.lower() not in argument.lower():
            return False
        self.seen += 1
        hit = self.seen >= self.first and (self.times is None or self.hits < self.times)
        self.hits += hit
        return hit


@dataclass(frozen=True)
class Transaction:
    """A message the server stored."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class SmtpServer:
    """See the module. ``security``: ``starttls``, ``ssl`` (TLS from the first byte) or ``none`` (offers no TLS at all).

    ``decide(stage, argument)`` may return a fault for each event (for random faults); scripted ones come first.
    """

    certificates: Certificates | None = None
    security: Literal["starttls", "ssl", "none"] = "starttls"
    user: str = "pantau@kantor.example"
    password: str = "sandi-contoh"
    size_limit_bytes: int = 10_240_000
    auth_methods: str = "PLAIN LOGIN"
    store: MailStore = field(default_factory=MailStore)
    decide: Callable[[Stage, str], Fault | None] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    sessions: int = 0
    commands: list[str] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self._faults: list[Fault] = []
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.tls = self.certificates.server_context() if self.certificates else None

    def fault(
        self,
        stage: Stage,
        action: Action = "reply",
        *,
        code: int = 451,
        text: str = "4.3.0 come back later",
        about: str = "",
        stall_s: float = 30.0,
        call: Callable[[], None] | None = None,
        first: int = 1,
        times: int | None = 1,
    ) -> Fault:
        """Switch a fault on; the returned object tells ``hits`` afterwards."""
        fault = Fault(stage, action, code, text, about, stall_s, call, first, times)
        with self.lock:
            self._faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        """Behave from now on."""
        with self.lock:
            self._faults.clear()
            self.decide = None

    def pick(self, stage: Stage, argument: str) -> Fault | None:
        """The fault that hits this event, if any."""
        with self.lock:
            scripted = next((fault for fault in self._faults if fault.takes(stage, argument)), None)
            return scripted or (self.decide(stage, argument) if self.decide else None)

    def mails(self, address: str) -> list[bytes]:
        """Everything in the inbox of an address."""
        return self.store.raw(address)

    def __enter__(self) -> Self:
        self._listener = socket.create_server((self.host, 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):  # wakes the thread that sits in accept()
            socket.create_connection((self.host, self.port), timeout=1).close()
        if self._listener is not None:
            self._acceptor.join(2)
            self._listener.close()
        with self.lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        assert self._listener is not None
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.stopping.is_set():
                connection.close()
                return
            with self.lock:
                self.sessions += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = _Session(self, connection)
        try:
            session.run()
        except (OSError, _HangUp):
            pass
        finally:
            with self.lock:
                self._open.discard(connection)
            session.close()


class _HangUp(Exception):
    """End the session without another word."""


class _Session:
    def __init__(self, server: SmtpServer, connection: socket.socket) -> None:
        self.server = server
        self.socket = connection
        self.reader = connection.makefile("rb")
        self.secure = False
        self.logged_in = False
        self.sender = ""
        self.recipients: list[str] = []

    def run(self) -> None:
        if self.server.security == "ssl":
            self._encrypt()
        if self._passes("connect", ""):
            self.say(220, "mail.kantor.example ESMTP Pantau test")
        while line := self.reader.readline(4096):
            text = line.decode("latin-1").rstrip("\r\n")
            verb, _, argument = text.partition(" ")
            with self.server.lock:
                self.server.commands.append(verb.upper() if verb.upper() == "AUTH" else text)
            handler = getattr(self, f"do_{verb.lower()}", None)
            if handler is None:
                self.say(500, "5.5.2 unknown command")
            else:
                handler(argument)

    def say(self, code: int, *lines: str) -> None:
        rows = [f"{code}{'-' if row is not lines[-1] else ' '}{row}\r\n" for row in lines]
        self.socket.sendall("".join(rows).encode())

    def close(self) -> None:
        self.reader.close()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _encrypt(self) -> None:
        assert self.server.tls is not None, "this server needs certificates"
        self.reader.close()
        raw, self.socket = self.socket, self.server.tls.wrap_socket(self.socket, server_side=True)
        with self.server.lock:
            self.server._open.discard(raw)
            self.server._open.add(self.socket)
        self.reader = self.socket.makefile("rb")
        self.secure = True

    def _passes(self, stage: Stage, argument: str) -> bool:
        """True when the event goes its normal way; otherwise the fault has been carried out."""
        fault = self.server.pick(stage, argument)
        if fault is None:
            return True
        if fault.action == "call":
            assert fault.call is not None
            fault.call()
            return True
        if fault.action == "stall":
            self.server.stopping.wait(fault.stall_s)
        if fault.action in ("stall", "drop"):
            raise _HangUp
        if fault.action == "lie":
            self.say(250, "2.0.0 Ok: queued as LIE")
            return False
        self.say(fault.code, fault.text)
        if fault.code == 421:
            raise _HangUp
        return False

    def do_ehlo(self, argument: str) -> None:
        if not self._passes("ehlo", argument):
            return
        lines = ["mail.kantor.example", f"SIZE {self.server.size_limit_bytes}", "ENHANCEDSTATUSCODES"]
        if self.server.security == "starttls" and not self.secure:
            lines.append("STARTTLS")
        elif self.server.auth_methods:
            lines.append(f"AUTH {self.server.auth_methods}")
        self.say(250, *lines)

    def do_helo(self, argument: str) -> None:
        if self._passes("ehlo", argument):
            self.say(250, "mail.kantor.example")

    def do_starttls(self, _argument: str) -> None:
        if self._passes("starttls", ""):
            self.say(220, "2.0.0 go ahead")
            self._encrypt()

    def do_auth(self, argument: str) -> None:
        method, _, initial = argument.partition(" ")
        if not self._passes("auth", method):
            return
        if method.upper() == "PLAIN":
            parts = self._decoded(initial or self._ask("")).split("\0")
            user, password = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
        else:
            user = self._decoded(initial or self._ask("Username:"))
            password = self._decoded(self._ask("Password:"))
        self.logged_in = (user, password) == (self.server.user, self.server.password)
        self.server.logins.append(self.logged_in)
        if self.logged_in:
            self.say(235, "2.7.0 welcome")
        else:  # some servers echo what they were sent: a client must not show it
            echo = base64.b64encode(password.encode()).decode()
            self.say(535, f"5.7.8 authentication failed: {password} {echo}")

    def _ask(self, prompt: str) -> str:
        self.say(334, base64.b64encode(prompt.encode()).decode())
        return self.reader.readline(4096).decode("latin-1").strip()

    def _decoded(self, text: str) -> str:
        try:
            return base64.b64decode(text).decode("utf-8", "replace")
        except ValueError:
            return ""

    def do_mail(self, argument: str) -> None:
        if not self._passes("mail", argument):
            return
        if not self.logged_in:
            self.say(530, "5.7.0 authentication required")
            return
        size = re.search(r"size=(\d+)", argument, re.IGNORECASE)
        if size and int(size[1]) > self.server.size_limit_bytes:
            self.say(552, "5.3.4 message size exceeds fixed limit")
            return
        self.sender, self.recipients = _address(argument), []
        self.say(250, "2.1.0 Ok")

    def do_rcpt(self, argument: str) -> None:
        if not self._passes("rcpt", argument):
            return
        if not self.sender:
            self.say(503, "5.5.1 need MAIL first")
            return
        self.recipients.append(_address(argument))
        self.say(250, "2.1.5 Ok")

    def do_data(self, _argument: str) -> None:
        about = " ".join(self.recipients)
        if not self._passes("data", about):
            return
        if not self.recipients:
            self.say(503, "5.5.1 need RCPT first")
            return
        self.say(354, "end with a dot")
        lines: list[bytes] = []
        while (line := self.reader.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                raise _HangUp  # the client is gone before the dot: nothing may be delivered
            lines.append(line[1:] if line.startswith(b".") else line)
            if len(lines) == 1 and not self._passes("body", about):
                raise _HangUp
        if self._passes("dot", about):
            self._keep(b"".join(lines))
            if self._passes("stored", about):
                self.say(250, "2.0.0 Ok: queued as 4F2A")
        self.sender, self.recipients = "", []

    def _keep(self, raw: bytes) -> None:
        with self.server.lock:
            self.server.transactions.append(Transaction(self.sender, tuple(self.recipients), raw))
            for recipient in self.recipients:
                self.server.store.deliver(recipient, raw)

    def do_rset(self, _argument: str) -> None:
        if self._passes("rset", ""):
            self.sender, self.recipients = "", []
            self.say(250, "2.0.0 Ok")

    def do_noop(self, _argument: str) -> None:
        self.say(250, "2.0.0 Ok")

    def do_quit(self, _argument: str) -> None:
        if self._passes("quit", ""):
            self.say(221, "2.0.0 Bye")
        raise _HangUp


def _address(argument: str) -> str:
    match = re.search(r"<([^>]*)>", argument)
    return match[1] if match else ""
