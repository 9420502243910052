"""A small IMAP4rev1 server over TLS that shows the mailboxes of a ``MailStore``: as much as imap-tools needs.

    with ImapServer(certificates, store) as server:
        MailBox(server.host, server.port, ssl_context=...).login(server.user, server.password)

Knows CAPABILITY, LOGIN, LIST, CREATE, SELECT, EXAMINE, SEARCH (ALL, UID, SINCE, SEEN, UNSEEN, FROM, SUBJECT, HEADER), FETCH, STORE,
COPY, MOVE, EXPUNGE, APPEND, NOOP, CLOSE, UNSELECT, LOGOUT; ``security="starttls"`` begins in the clear.
"""

import contextlib
import re
import socket
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self

from tests.servers.certificates import Certificates
from tests.servers.mail_store import MailStore, StoredMail

_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"|\{(\d+)\}|([^\s()]+\[[^\]]*\]|[^\s()"{}]+)|([()])')


@dataclass
class ImapServer:
    """See the module. ``user`` owns the mailbox ``address`` of the store. ``down``: hang up on every new connection."""

    certificates: Certificates
    store: MailStore = field(default_factory=MailStore)
    user: str = "pantau@kantor.example"
    password: str = "sandi-contoh"
    address: str = "pantau@kantor.example"
    security: Literal["ssl", "starttls"] = "ssl"
    host: str = "127.0.0.1"
    port: int = 0
    down: bool = False
    uid_validity: int = 1
    """0: the server tells none."""
    sessions: int = 0
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        self.tls = self.certificates.server_context()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()

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
            if self.down:
                connection.close()
                continue
            with self.lock:
                self.sessions += 1
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = _Session(self, connection)
        try:
            session.run()
        except OSError:
            pass
        finally:
            with self.lock:
                self._open.discard(connection)
            session.close()


class _Session:
    def __init__(self, server: ImapServer, connection: socket.socket) -> None:
        self.server = server
        self.socket = connection
        self.reader = connection.makefile("rb")
        self.secure = False
        self.user = False
        self.folder = ""
        self.over = False

    def run(self) -> None:
        if self.server.security == "ssl":
            self._encrypt()
        self.say("* OK [CAPABILITY IMAP4rev1 MOVE UNSELECT] Pantau test")
        while not self.over and (words := self._command()):
            if len(words) < 2:
                self.say("* BAD not a command")
                continue
            tag, name, *rest = words
            with self.server.lock:
                self.server.commands.append(name if name.upper() == "LOGIN" else " ".join(words[1:])[:200])
            by_uid = name.upper() == "UID" and bool(rest)
            if by_uid:
                name, *rest = rest
            handler = getattr(self, f"do_{name.lower()}", None)
            if handler is None:
                self.say(f"{tag} BAD unknown command")
            elif not self.user and name.upper() not in ("CAPABILITY", "LOGIN", "LOGOUT", "NOOP", "STARTTLS"):
                self.say(f"{tag} NO log in first")
            else:
                with self.server.store.lock:
                    handler(tag, rest, by_uid)

    def close(self) -> None:
        self.reader.close()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def say(self, line: str) -> None:
        self.socket.sendall(line.encode("utf-8", "replace") + b"\r\n")

    def _encrypt(self) -> None:
        self.reader.close()
        raw, self.socket = self.socket, self.server.tls.wrap_socket(self.socket, server_side=True)
        with self.server.lock:
            self.server._open.discard(raw)
            self.server._open.add(self.socket)
        self.reader = self.socket.makefile("rb")
        self.secure = True

    def _command(self) -> list[str]:
        """The words of the next command; a literal is one word, parentheses are words of their own."""
        words: list[str] = []
        while line := self.reader.readline():
            literal = -1
            for quoted, size, atom, bracket in _TOKEN.findall(line):
                if size:
                    literal = int(size)
                elif atom or bracket:
                    words.append((atom or bracket).decode("utf-8", "surrogateescape"))
                else:
                    words.append(re.sub(rb"\\(.)", rb"\1", quoted).decode("utf-8", "surrogateescape"))
            if literal < 0:
                return words
            self.say("+ go on")
            words.append(self.reader.read(literal).decode("latin-1"))
        return []

    @property
    def _mails(self) -> list[StoredMail]:
        return self.server.store.folder(self.server.address, self.folder)

    def _folders(self) -> dict[str, list[StoredMail]]:
        return self.server.store.folders(self.server.address)

    def do_capability(self, tag: str, _words: list[str], _by_uid: bool) -> None:
        self.say("* CAPABILITY IMAP4rev1 MOVE UNSELECT" + ("" if self.secure else " STARTTLS LOGINDISABLED"))
        self.say(f"{tag} OK done")

    def do_starttls(self, tag: str, _words: list[str], _by_uid: bool) -> None:
        self.say(f"{tag} OK go ahead")
        self._encrypt()

    def do_login(self, tag: str, words: list[str], _by_uid: bool) -> None:
        self.user = self.secure and words == [self.server.user, self.server.password]
        self.say(f"{tag} OK welcome" if self.user else f"{tag} NO wrong user or password ({' '.join(words)})")

    def do_noop(self, tag: str, _words: list[str], _by_uid: bool) -> None:
        self.say(f"{tag} OK done")

    def do_logout(self, tag: str, _words: list[str], _by_uid: bool) -> None:
        self.say("* BYE see you")
        self.say(f"{tag} OK done")
        self.over = True

    def do_list(self, tag: str, words: list[str], _by_uid: bool) -> None:
        for name in self._folders():
            if words and words[-1] not in ("*", "%", name):
                continue
            self.say(f'* LIST (\\HasNoChildren) "/" "{name}"')
        self.say(f"{tag} OK done")

    def do_create(self, tag: str, words: list[str], _by_uid: bool) -> None:
        self._folders().setdefault(words[0], [])
        self.say(f"{tag} OK done")

    def do_select(self, tag: str, words: list[str], _by_uid: bool, mode: str = "READ-WRITE") -> None:
        if words[0] not in self._folders():
            self.say(f"{tag} NO no such folder")
            return
        self.folder = words[0]
        self.say(f"* {len(self._mails)} EXISTS")
        self.say("* FLAGS (\\Seen \\Answered \\Deleted \\Flagged)")
        if self.server.uid_validity:
            self.say(f"* OK [UIDVALIDITY {self.server.uid_validity}] fixed")
        self.say(f"{tag} OK [{mode}] done")

    def do_examine(self, tag: str, words: list[str], by_uid: bool) -> None:
        self.do_select(tag, words, by_uid, "READ-ONLY")

    def do_close(self, tag: str, _words: list[str], _by_uid: bool) -> None:
        self.folder = ""
        self.say(f"{tag} OK done")

    do_unselect = do_close

    def do_search(self, tag: str, words: list[str], by_uid: bool) -> None:
        if words and words[0].upper() == "CHARSET":
            words = words[2:]
        words = [word for word in words if word not in "()"]
        hits = [
            mail.uid if by_uid else number
            for number, mail in enumerate(self._mails, 1)
            if self._matches(mail, list(words))
        ]
        self.say(" ".join(["* SEARCH", *map(str, hits)]))
        self.say(f"{tag} OK done")

    def _matches(self, mail: StoredMail, words: list[str]) -> bool:
        while words:
            key = words.pop(0).upper()
            if key == "HEADER":
                name, part = words.pop(0), words.pop(0)
                good = part.lower() in mail.header(name).lower()
            elif key in ("FROM", "SUBJECT", "TO"):
                good = words.pop(0).lower() in mail.header(key).lower()
            elif key == "UID":
                good = mail.uid in self._numbers(words.pop(0), by_uid=True)
            elif key == "SINCE":
                good = mail.received >= datetime.strptime(words.pop(0), "%d-%b-%Y").replace(tzinfo=UTC).date()
            elif key in ("SEEN", "UNSEEN"):
                good = ("\\Seen" in mail.flags) == (key == "SEEN")
            else:
                good = key == "ALL"
            if not good:
                return False
        return True

    def _numbers(self, spec: str, *, by_uid: bool) -> set[int]:
        known = [mail.uid if by_uid else number for number, mail in enumerate(self._mails, 1)]
        wanted: set[int] = set()
        for part in spec.split(","):
            low, _, high = part.partition(":")
            ends = [max(known, default=0) if end == "*" else int(end) for end in (low, high or low)]
            wanted |= {number for number in known if min(ends) <= number <= max(ends)}
        return wanted

    def _chosen(self, spec: str, by_uid: bool) -> list[tuple[int, StoredMail]]:
        wanted = self._numbers(spec, by_uid=by_uid)
        return [
            (number, mail) for number, mail in enumerate(self._mails, 1) if (mail.uid if by_uid else number) in wanted
        ]

    def do_fetch(self, tag: str, words: list[str], by_uid: bool) -> None:
        asked = " ".join(words[1:]).upper()
        body = re.search(r"BODY(\.PEEK)?\[(HEADER)?\]", asked)
        for number, mail in self._chosen(words[0], by_uid):
            items = [f"UID {mail.uid}", f"FLAGS ({' '.join(sorted(mail.flags))})", f"RFC822.SIZE {len(mail.raw)}"]
            start = f"* {number} FETCH (".encode()
            if body is None:
                self.socket.sendall(start + " ".join(items).encode() + b")\r\n")
                continue
            if not body[1]:
                mail.flags.add("\\Seen")
            raw = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if body[2] else mail.raw
            literal = f"BODY[{body[2] or ''}] {{{len(raw)}}}\r\n".encode()
            self.socket.sendall(start + " ".join(items).encode() + b" " + literal + raw + b")\r\n")
        self.say(f"{tag} OK done")

    def do_store(self, tag: str, words: list[str], by_uid: bool) -> None:
        flags = {word for word in words[2:] if word not in "()"}
        for number, mail in self._chosen(words[0], by_uid):
            mail.flags = mail.flags - flags if words[1].startswith("-") else mail.flags | flags
            self.say(f"* {number} FETCH (UID {mail.uid} FLAGS ({' '.join(sorted(mail.flags))}))")
        self.say(f"{tag} OK done")

    def do_copy(self, tag: str, words: list[str], by_uid: bool) -> None:
        if words[1] not in self._folders():
            self.say(f"{tag} NO [TRYCREATE] no such folder")
            return
        for _, mail in self._chosen(words[0], by_uid):
            self.server.store.deliver(self.server.address, mail.raw, words[1], mail.flags)
        self.say(f"{tag} OK done")

    def do_move(self, tag: str, words: list[str], by_uid: bool) -> None:
        moved = [mail for _, mail in self._chosen(words[0], by_uid)]
        if words[1] in self._folders():
            for mail in moved:
                mail.flags.add("\\Deleted")
                self.server.store.deliver(self.server.address, mail.raw, words[1], mail.flags - {"\\Deleted"})
        self.do_expunge(tag, [], by_uid)

    def do_expunge(self, tag: str, _words: list[str], _by_uid: bool) -> None:
        for number, mail in reversed(list(enumerate(self._mails, 1))):
            if "\\Deleted" in mail.flags:
                self._mails.remove(mail)
                self.say(f"* {number} EXPUNGE")
        self.say(f"{tag} OK done")

    def do_append(self, tag: str, words: list[str], _by_uid: bool) -> None:
        folder, raw = words[0], words[-1].encode("latin-1")
        flags = {word for word in words[1:-1] if word.startswith("\\")}
        self.server.store.deliver(self.server.address, raw, folder, flags)
        self.say(f"{tag} OK done")
