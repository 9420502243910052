"""A real Dovecot in a folder of its own: mailboxes by LMTP and IMAP over TLS, and the log-in of Postfix. Loopback only."""

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from imap_tools import MailBox

from tests.mail.tools import command
from tests.servers.certificates import Certificates, make_certificates

_PATIENCE_S = 20.0
_CONF = """
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
auth_mechanisms = plain login
disable_plaintext_auth = yes
auth_username_format = %Lu
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%Lu
first_valid_uid = 1
mail_max_userip_connections = 50
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%Lu {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
  default_fields = uid={uid} gid={gid} home={folder}/mail/%Lu
}}
protocol lmtp {{
  postmaster_address = postmaster@kantor.example
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imap_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener postfix-auth {{
    mode = 0666
  }}
}}
"""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def own_folder(name: str) -> Path:
    """A new folder that the servers' own users may enter."""
    assert os.geteuid() == 0, "Postfix and Dovecot change users, which only root may: run make check-mail as root"
    folder = Path(tempfile.mkdtemp(prefix=f"pantau-{name}-"))
    folder.chmod(0o755)
    return folder


def wait_for_port(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when somebody listens; fail with the end of the log when the server ended or is too slow."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(
        f"no server on port {port}: {log.read_text('utf-8', 'replace')[-2000:] if log.exists() else ''}"
    )


def end(server: "subprocess.Popen[bytes]") -> None:
    """Ask a server that was started here to stop, by its pid, and wait until it has."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


class Dovecot:
    """Started by ``with``. ``users`` get mailboxes, all with the same ``password``."""

    def __init__(self, users: Sequence[str], password: str = "sandi-contoh") -> None:
        self.users = tuple(users)
        self.password = password
        self.imap_port, self.lmtp_port = free_port(), free_port()

    def __enter__(self) -> Self:
        program = command("dovecot")
        self.folder = own_folder("dovecot")
        self.certificates: Certificates = make_certificates(self.folder / "tls")
        owner = pwd.getpwnam("nobody")
        (self.folder / "mail").mkdir()
        os.chown(self.folder / "mail", owner.pw_uid, owner.pw_gid)
        (self.folder / "users").write_text("".join(f"{user}:{self.password}::::::\n" for user in self.users))
        conf = self.folder / "dovecot.conf"
        conf.write_text(
            _CONF.format(
                folder=self.folder,
                cert=self.certificates.cert_file,
                key=self.certificates.key_file,
                uid=owner.pw_uid,
                gid=grp.getgrgid(owner.pw_gid).gr_gid,
                imap_port=self.imap_port,
                lmtp_port=self.lmtp_port,
            )
        )
        self._server = subprocess.Popen(
            [program, "-F", "-c", str(conf)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            for port in (self.imap_port, self.lmtp_port):
                wait_for_port(port, self._server, self.folder / "dovecot.log")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._server)
        shutil.rmtree(self.folder)

    @property
    def auth_socket(self) -> Path:
        """Where Postfix asks whether a password is right."""
        return self.folder / "run" / "postfix-auth"

    def mailbox(self, user: str, folder: str = "INBOX") -> MailBox:
        """The user's mailbox, logged in; a context manager."""
        box = MailBox("localhost", self.imap_port, timeout=10, ssl_context=self.certificates.client_context())
        box.login(user, self.password, initial_folder=folder)
        return box

    def raw(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Every mail of a folder as the server gives it out, oldest first; none when there is no such folder."""
        with self.mailbox(user) as box:
            if not box.folder.exists(folder):
                return []
            box.folder.set(folder, readonly=True)
            found = [self._body(box, uid) for uid in box.uids()]
        return found

    @staticmethod
    def _body(box: MailBox, uid: str) -> bytes:
        """The very octets, past every library that takes mails apart."""
        status, parts = box.client.uid("fetch", uid, "(BODY.PEEK[])")
        assert status == "OK", parts
        return next(bytes(part[1]) for part in parts if isinstance(part, tuple))

    def wait_for(self, user: str, count: int, folder: str = "INBOX") -> list[bytes]:
        """The folder once it holds ``count`` mails: Postfix hands them over after it has answered."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            found = self.raw(user, folder)
            if len(found) >= count or time.monotonic() > until:
                assert len(found) == count, f"{user} {folder}: {len(found)} mails instead of {count}"
                return found
            time.sleep(0.1)

    def forget_mails(self) -> None:
        """Empty every mailbox, so that tests can share a server."""
        for user in self.users:
            with self.mailbox(user) as box:
                for name in [item.name for item in box.folder.list()]:
                    box.folder.set(name)
                    if uids := box.uids():
                        box.delete(uids)
