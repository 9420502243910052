"""A real Postfix in a folder of its own, in front of a Dovecot: submission, MX, refusals and bounces. Loopback only.

Nothing leaves this machine: whatever is not for ``DOMAIN`` goes to the transport ``error``, which sends a real bounce.
"""

import grp
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.mail.dovecot import Dovecot, end, free_port, own_folder, wait_for_port
from tests.mail.tools import command

DOMAIN = "kantor.example"
SERVER_NAME = "mx.kantor.example"
SIZE_LIMIT_BYTES = 40_000_000
SMALL_LIMIT_BYTES = 30_000

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = {server_name}
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
alias_database =
local_transport = error:no local mail here
default_transport = error:5.1.2 this test server delivers nothing elsewhere
relay_transport = error:5.1.2 this test server delivers nothing elsewhere
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{folder}/users
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
message_size_limit = {size}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
notify_classes =
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_sasl_security_options = noanonymous
smtpd_recipient_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_peername_lookup = no
disable_dns_lookups = yes
smtp_dns_support_level = disabled
queue_run_delay = 5s
minimal_backoff_time = 5s
"""
_STARTTLS = "-o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes -o smtpd_sasl_auth_enable=yes"
_SERVICES = {
    "submission": _STARTTLS,
    "smtps": "-o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes",
    # As many offices have it: a program that logs in may write to its own domain and to nobody else.
    "inside_only": f"{_STARTTLS} -o smtpd_relay_restrictions=reject_unauth_destination",
    "small": f"{_STARTTLS} -o message_size_limit={SMALL_LIMIT_BYTES}",
    "small_silent": f"{_STARTTLS} -o message_size_limit={SMALL_LIMIT_BYTES} -o smtpd_discard_ehlo_keywords=size",
    # Where the world's mail comes in. It checks the sender's domain for a forger and says so, as a filter of an office does.
    "mx": "-o smtpd_tls_security_level=may -o smtpd_sender_restrictions=check_sender_access,texthash:{folder}/verdicts",
}
_INTERNAL = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
GONE = "pindah@kantor.example"
"""Postfix takes mail for this address, Dovecot does not know it: what comes back is a bounce that Postfix writes."""
_QUEUES = ("maildrop", "incoming", "active", "deferred")
_PATIENCE_S = 60.0
FORGER = "palsu@gmail.example"
"""Postfix is told that this sender fails SPF, and writes that into the mail as the office's server."""


class Postfix:
    """Started by ``with``; ``port(service)`` tells where each of its doors is."""

    def __init__(self, dovecot: Dovecot, also_knows: Sequence[str] = ()) -> None:
        """It takes mail for the users of ``dovecot`` and for ``also_knows``."""
        self.dovecot = dovecot
        self._known = (*dovecot.users, *also_knows)
        self._ports = {name: free_port() for name in _SERVICES}

    def port(self, service: str) -> int:
        """The port of one of the services: ``submission``, ``smtps``, ``inside_only``, ``small``, ``small_silent``, ``mx``."""
        return self._ports[service]

    def __enter__(self) -> Self:
        program = command("postfix")
        self.folder = own_folder("postfix")
        etc = self.folder / "etc"
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(self.folder / "data", owner.pw_uid, grp.getgrnam("postfix").gr_gid)
        (self.folder / "users").write_text("".join(f"{user} {user}\n" for user in self._known))
        said = f"{SERVER_NAME}; spf=fail smtp.mailfrom=gmail.example; dmarc=fail header.from=gmail.example"
        (self.folder / "verdicts").write_text(f"{FORGER} PREPEND Authentication-Results: {said}\n")
        (etc / "main.cf").write_text(
            _MAIN.format(
                folder=self.folder,
                server_name=SERVER_NAME,
                domain=DOMAIN,
                lmtp_port=self.dovecot.lmtp_port,
                size=SIZE_LIMIT_BYTES,
                cert=self.dovecot.certificates.cert_file,
                key=self.dovecot.certificates.key_file,
                auth=self.dovecot.auth_socket,
            )
        )
        doors = [
            f"127.0.0.1:{self._ports[name]} inet n - n - - smtpd {options.format(folder=self.folder)}\n"
            for name, options in _SERVICES.items()
        ]
        (etc / "master.cf").write_text("".join(doors) + _INTERNAL)
        self._server = subprocess.Popen(
            [program, "-c", str(etc), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "start.log").open("wb"),
        )
        try:
            for port in self._ports.values():
                wait_for_port(port, self._server, self.log)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(
            [command("postfix"), "-c", str(self.folder / "etc"), "stop"], capture_output=True, timeout=60, check=False
        )
        end(self._server)
        shutil.rmtree(self.folder)

    @property
    def log(self) -> Path:
        """What Postfix wrote about its work."""
        return self.folder / "postfix.log"

    def wait_until_idle(self) -> None:
        """Return when its queue is empty: it hands mails over after it has answered."""
        until = time.monotonic() + _PATIENCE_S
        while queued := [
            file for name in _QUEUES for file in (self.folder / "queue" / name).rglob("*") if file.is_file()
        ]:
            assert time.monotonic() < until, f"Postfix still holds {len(queued)} mails: {self.log.read_text()[-2000:]}"
            time.sleep(0.1)
