"""Carries mails over a session that yagmail opens (connect, TLS, AUTH), in steps whose failures have a known meaning.

yagmail neither builds nor repeats a message here: its own retry puts several copies into a reader's mailbox when an answer
gets lost, and its own builder mangles the page. The password never appears in an error: exceptions of the libraries are cut
off, since their frames and objects hold it.
"""

import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

import yagmail  # type: ignore[import-untyped]  # ships no types

from pantau.core.errors import DeliveryError
from pantau.core.model import Mail
from pantau.core.settings import MailSettings, Network
from pantau.delivery.tls import handshake_refused, tls_context, tls_words
from pantau.delivery.transport import (
    LineLostError,
    Receipt,
    RefusedError,
    ReplyLostError,
    UnreachableError,
    shown,
)

_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)
_TOO_LARGE = 552
"""RFC 1870 section 6: message size exceeds the fixed maximum; at RCPT the same code means a full mailbox instead."""


class _Session(yagmail.Client):  # type: ignore[misc]  # yagmail is untyped
    """yagmail's client with one more way to use the connection it opened (``self.smtp``)."""

    def envelope(self, sender: str, reader: str, own: str, size_bytes: int) -> bool:
        """MAIL and RCPT. True when our own mailbox takes a copy; only the reader's refusal stops the mail."""
        announced = self.smtp.esmtp_features.get("size", "")
        if announced.isdigit() and 0 < int(announced) < size_bytes:
            raise RefusedError(_TOO_LARGE, f"batas server {announced} bita, surel {size_bytes} bita", too_large=True)
        code, reply = self.smtp.mail(sender, [f"size={size_bytes}"] if self.smtp.has_extn("size") else [])
        if 500 <= code < 600 and code != _TOO_LARGE:
            raise DeliveryError(
                f"Server surel menolak pengirim {sender} ({code} {shown(reply)}). "
                "Isi mail.from_address dengan alamat yang boleh dipakai oleh mail.user."
            )
        self._expect(code, reply, (250,), too_large=code == _TOO_LARGE)
        code, reply = self.smtp.rcpt(reader)
        self._expect(code, reply, (250, 251))
        if not own or own.lower() == reader.lower():
            return bool(own)
        return self.smtp.rcpt(own)[0] in (250, 251)

    def body(self, wire: bytes) -> None:
        """DATA and everything but the final dot: until that, a server must not deliver."""
        code, reply = self.smtp.docmd("DATA")
        self._expect(code, reply, (354,))
        self.smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the dot waits for an ACK
        self.smtp.send(_LINE_START_DOT.sub(b"..", wire if wire.endswith(b"\r\n") else wire + b"\r\n"))

    def dot(self) -> tuple[int, str]:
        """The final dot and the server's answer to it."""
        self.smtp.send(b".\r\n")
        code, reply = self.smtp.getreply()
        if not 200 <= code < 300 and not 400 <= code < 600:
            raise ReplyLostError(f"jawaban server tidak dapat dipahami ({code} {shown(reply)})")
        self._expect(code, reply, range(200, 300), too_large=code == _TOO_LARGE)
        return code, shown(reply)

    def _expect(self, code: int, reply: bytes, good: tuple[int, ...] | range, *, too_large: bool = False) -> None:
        if code in good:
            return
        if 400 <= code < 600:
            raise RefusedError(code, shown(reply), too_large=too_large)
        raise LineLostError(f"jawaban server tidak dapat dipahami ({code} {shown(reply)})")


class Courier:
    """The transport over SMTP: one line for all mails, reopened when it broke. See ``Transport``."""

    def __init__(
        self,
        settings: MailSettings,
        network: Network,
        password: str,
        *,
        data_timeout_s: float = 600.0,
    ) -> None:
        """Opens nothing yet.

        ``data_timeout_s``: patience for the answer to the final dot, 10 minutes by RFC 5321 section 4.5.3.2.6.
        """
        self._settings = settings
        self._network = network
        self._password = password
        self._data_timeout_s = data_timeout_s
        self._own = settings.own_copy or settings.from_address
        self._session: _Session | None = None
        self._in_mail = False

    def __repr__(self) -> str:
        return f"Courier({self._server})"

    @property
    def _server(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return tls_context(self._network)

    def open(self) -> None:
        """Connect, check the certificate, log in. Raises ``UnreachableError`` or, when waiting cannot help, ``DeliveryError``."""
        if self._session is not None:
            if self._usable(self._session):
                return
            self._drop()
        if not self._settings.host:
            raise DeliveryError("mail.host belum diisi. Tulis nama server surel kantor, misalnya mail.kantor.go.id.")
        if not (self._settings.user.isascii() and self._password.isascii()):
            raise DeliveryError(
                "mail.user atau kata sandi surel memuat huruf di luar ASCII, yang tidak dapat dipakai untuk masuk. "
                "Minta kata sandi baru dari pengelola server surel."
            )
        secured = {"smtp_ssl": True, "context": self._context}
        if self._settings.security == "starttls":
            secured = {"smtp_ssl": False, "smtp_starttls": {"context": self._context}}
        session = _Session(
            {self._settings.user: self._settings.from_name},
            self._password,
            host=self._settings.host,
            port=self._settings.port,
            soft_email_validation=False,
            timeout=self._settings.timeout_s,
            local_hostname=self._settings.local_hostname or None,
            **secured,
        )
        self._session = session
        try:
            session.login()
        except (
            OSError,
            UnicodeError,
            OverflowError,
        ) as error:  # smtplib's errors are OSErrors; the rest: odd host or port
            problem = _login_problem(error, session, self._server)
            self._drop()
            raise problem from None

    def send(self, mail: Mail, before_handover: Callable[[bool], None]) -> Receipt:
        """See ``Transport.send``. The line is kept unless it broke or is in doubt."""
        session = self._session
        if session is None:
            raise LineLostError("sambungan ke server surel belum dibuka")
        self._in_mail = True
        try:
            own_copy = session.envelope(self._settings.from_address, mail.recipient, self._own, len(mail.wire))
            session.body(mail.wire)
        except RefusedError:
            self._in_mail = False
            raise
        except OSError as error:
            self._drop()
            raise LineLostError(f"sambungan ke {self._server} putus sebelum surel lengkap: {_words(error)}") from None
        except LineLostError:
            self._drop()
            raise
        before_handover(own_copy)
        return self._hand_over(session, own_copy)

    def _hand_over(self, session: _Session, own_copy: bool) -> Receipt:
        try:
            session.smtp.sock.settimeout(self._data_timeout_s)
            code, text = session.dot()
            session.smtp.sock.settimeout(self._settings.timeout_s)
        except RefusedError:
            self._in_mail = False
            raise
        except OSError as error:
            self._drop()
            raise ReplyLostError(f"sambungan ke {self._server} putus sebelum ada jawaban: {_words(error)}") from None
        except ReplyLostError:
            self._drop()
            raise
        self._in_mail = False
        return Receipt(smtp_code=code, text=text, own_copy=own_copy)

    def close(self) -> None:
        """Say goodbye, or just hang up when a mail is half way through: then QUIT would become part of it."""
        if self._session is not None and not self._in_mail:
            with suppress(OSError):  # the line may already be gone
                self._session.close()
        self._drop()

    def _usable(self, session: _Session) -> bool:
        """True when the line answers and has forgotten the mail before; servers close idle lines without a word."""
        try:
            return not self._in_mail and session.smtp.rset()[0] == 250
        except OSError:
            return False

    def _drop(self) -> None:
        session, self._session, self._in_mail = self._session, None, False
        if session is not None:
            session.is_closed = True  # else its destructor talks to the server again
            if session.smtp is not None:
                session.smtp.close()


def check_login(settings: MailSettings, network: Network, password: str) -> None:
    """Connect, check the certificate, log in and leave, for ``pantau doctor``.

    Raises ``DeliveryError`` whose text says what is wrong and what to do, also for a server that cannot be reached.
    """
    courier = Courier(settings, network, password)
    del password  # reports of errors may show local variables
    try:
        courier.open()
    except UnreachableError as error:
        raise DeliveryError(str(error)) from None
    finally:
        courier.close()


def _login_problem(error: Exception, session: _Session, server: str) -> DeliveryError | UnreachableError:
    """What a failed login means: a wrong setting (stop) or a bad moment (try later). Never quotes the answer to AUTH."""
    if handshake_refused(error):
        return DeliveryError(tls_words(error, server))
    smtp = session.smtp
    code = getattr(error, "smtp_code", None)
    if smtp is None:
        remedy = "Periksa mail.host, mail.port, mail.security, jaringan, dan tembok api."
        said = f"menjawab {code}" if code else _words(error)
        return UnreachableError(f"Server surel {server} tidak dapat dihubungi: {said}. {remedy}")
    secure = isinstance(smtp.sock, ssl.SSLSocket)
    if smtp.sock is not None and not smtp.does_esmtp:
        said = f"({shown(smtp.ehlo_resp)})" if smtp.ehlo_resp else ""
        return UnreachableError(f"Server surel {server} menolak salam mesin ini {said}. Periksa mail.local_hostname.")
    if smtp.sock is not None and not secure and code is None and not smtp.has_extn("starttls"):
        return DeliveryError(
            f"Server surel {server} tidak menawarkan STARTTLS, jadi kata sandi akan terkirim terbuka. "
            'Pakai mail.security = "ssl" dengan port 465, atau minta pengelola server mengaktifkan TLS.'
        )
    if secure and code is None and smtp.sock is not None:
        return DeliveryError(
            f"Server surel {server} tidak menawarkan cara masuk yang dikenal (PLAIN, LOGIN, CRAM-MD5). "
            "Periksa mail.port: pengiriman dengan kata sandi biasanya 587 atau 465, bukan 25."
        )
    if secure and code is not None and 500 <= code < 600:
        return DeliveryError(
            f"Server surel {server} menolak nama pengguna atau kata sandi ({code}). Periksa mail.user dan rahasia "
            "pada mail.password; Gmail hanya menerima sandi aplikasi. Tidak ada surel yang dikirim."
        )
    said = f"menjawab {code}" if code else _words(error)
    return UnreachableError(f"Server surel {server} tidak melayani saat ini: {said}. Coba lagi nanti.")


def _words(error: Exception) -> str:
    """A short cause for the operator; library errors in the line state carry no secret, unlike answers to AUTH."""
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "tidak ada jawaban sampai batas waktu"
    if isinstance(error, ConnectionRefusedError):
        return "sambungan ditolak"
    if isinstance(error, socket.gaierror):
        return "nama server tidak ditemukan"
    if "closed" in str(error) or "not connected" in str(error):
        return "server memutus sambungan"
    return shown(str(getattr(error, "strerror", "") or error), 120)
