"""What every local server shares: threads, TLS (direct or behind CONNECT), a request log and a fault switchboard.

A server subclasses ``LocalServer`` and implements ``route``; ``endpoint_of`` and ``accounts_of`` let faults be aimed.

    with MyServer() as server:
        server.faults.add(Fault(dropped(), endpoint="posts", first=2))
        ... talk to server.url ...
        assert server.count("posts") == 3
"""

import json
import socket
import ssl
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from tests.servers.certificates import Certificates, make_certificates


@dataclass(frozen=True)
class Request:
    """One request as it came in. Header names are lower-case; ``host`` is the name the client meant, without port."""

    number: int
    method: str
    host: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""
    endpoint: str = ""
    accounts: frozenset[str] = frozenset()

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def form(self) -> dict[str, list[str]]:
        """The body as a form."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True)
class Reply:
    """One answer. ``action`` other than ``send``: drop the connection, or keep it silent for ``stall_s`` and drop it.

    ``cut_bytes``: announce the whole length, send all but so many bytes, then drop (a truncated transfer).
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    action: Literal["send", "drop", "stall"] = "send"
    stall_s: float = 0.0
    cut_bytes: int = 0


def json_reply(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer."""
    body = json.dumps(data, ensure_ascii=False).encode()
    return Reply(status, body, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def html_reply(status: int = 503, text: str = "<html><body><h1>Something is wrong</h1></body></html>") -> Reply:
    """An HTML page, as gateways send it."""
    return Reply(status, text.encode(), {"content-type": "text/html; charset=utf-8"})


def redirect_reply(location: str, status: int = 302) -> Reply:
    """A redirection."""
    return Reply(status, b"", {"location": location})


def dropped() -> Reply:
    """The connection is reset without an answer."""
    return Reply(action="drop")


def stalled(stall_s: float = 30.0) -> Reply:
    """Nothing is sent for ``stall_s`` seconds (or until the server stops), then the connection is dropped."""
    return Reply(action="stall", stall_s=stall_s)


def truncated(reply: Reply) -> Reply:
    """For ``Fault.change``: the same answer with the second half of its body missing, as valid HTTP."""
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def broken_off(reply: Reply) -> Reply:
    """For ``Fault.change``: the transfer breaks off in the middle of the body."""
    return replace(reply, cut_bytes=max(1, len(reply.body) // 2))


@dataclass
class Fault:
    """What goes wrong, and when. Give ``reply`` (instead of the real answer) or ``change`` (applied to the real answer).

    Only requests of ``endpoint`` (empty: any) that concern ``account`` (empty: any) and satisfy ``when`` are counted;
    the fault hits the ``first``-th of them and the following, ``times`` in all (None: for ever).
    """

    reply: Reply | None = None
    change: Callable[[Reply], Reply] | None = None
    endpoint: str = ""
    account: str = ""
    when: Callable[[Request], bool] | None = None
    first: int = 1
    times: int | None = 1
    seen: int = 0
    hits: int = 0

    def takes(self, request: Request) -> bool:
        """Count the request; True when it is to be hit."""
        if self.endpoint and request.endpoint != self.endpoint:
            return False
        if self.account and self.account.lower() not in request.accounts:
            return False
        if self.when and not self.when(request):
            return False
        self.seen += 1
        hit = self.seen >= self.first and (self.times is None or self.hits < self.times)
        self.hits += hit
        return hit


class Switchboard:
    """The faults that are switched on. The first one that takes a request wins."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on; the returned object tells ``hits`` afterwards."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def pick(self, request: Request) -> Fault | None:
        """The fault that hits this request, if any."""
        with self._lock:
            return next((fault for fault in self._faults if fault.takes(request)), None)


class LocalServer:
    """An HTTP(S) server on 127.0.0.1 with a free port; a context manager.

    With ``tls_hosts`` it also is an HTTPS proxy: ``CONNECT`` to any of these names is answered by the server itself, so that
    a client with hard-coded hosts reaches it through ``proxy_url`` and ``ca_file``. ``direct_tls`` makes ``url`` https.
    """

    def __init__(self, tls_hosts: Iterable[str] = (), direct_tls: bool = False) -> None:
        self.faults = Switchboard()
        self.log: list[Request] = []
        self.lock = threading.RLock()
        self.stopping = threading.Event()
        hosts = list(tls_hosts)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._certificates: Certificates | None = None
        if hosts or direct_tls:
            self._folder = tempfile.TemporaryDirectory(prefix="pantau-test-ca-")
            self._certificates = make_certificates(Path(self._folder.name), ("127.0.0.1", "localhost", *hosts))
        self.tls = self._certificates.server_context() if self._certificates else None
        self._direct_tls = direct_tls
        self._http: _Listener | None = None

    def route(self, request: Request) -> Reply:
        """The faultless answer. Called with ``self.lock`` held, so that state needs no care."""
        raise NotImplementedError

    def endpoint_of(self, request: Request) -> str:
        """A short name by which faults and counts address the endpoint; default: the path."""
        return request.path

    def accounts_of(self, request: Request) -> Iterable[str]:
        """Lower-case handles or ids that the request concerns, for faults aimed at an account."""
        return ()

    def answer(self, request: Request) -> Reply:
        """Log, look for a fault, then route."""
        with self.lock:
            request = replace(request, number=len(self.log) + 1, endpoint=self.endpoint_of(request))
            request = replace(request, accounts=frozenset(self.accounts_of(request)))
            self.log.append(request)
            fault = self.faults.pick(request)
            if fault and fault.reply:
                return fault.reply
            reply = self.route(request)
            return fault.change(reply) if fault and fault.change else reply

    def count(self, endpoint: str = "") -> int:
        """How many requests came in (to one endpoint)."""
        with self.lock:
            return sum(1 for request in self.log if not endpoint or request.endpoint == endpoint)

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._http is not None, "the server is not started"
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Its base address, without a slash at the end."""
        return f"{'https' if self._direct_tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def proxy_url(self) -> str:
        """Its address as an HTTPS proxy (needs ``tls_hosts``)."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ca_file(self) -> str:
        """PEM file of the authority that signed the server's certificate."""
        assert self._certificates is not None, "the server has no TLS"
        return str(self._certificates.ca_file)

    def __enter__(self) -> Self:
        self._http = _Listener(self, self.tls if self._direct_tls else None)
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http.close_connections()
        if self._folder is not None:
            self._folder.cleanup()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, owner: LocalServer, tls: ssl.SSLContext | None) -> None:
        self.owner = owner
        self._tls = tls
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls:  # the handshake happens in the connection's own thread, at its first read
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        with suppress(OSError):
            super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests; anything else is a bug of the server and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener
    tunnel_host = ""

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""

    def do_CONNECT(self) -> None:
        owner = self.server.owner
        if owner.tls is None:
            self._send(Reply(502, b"no tunnel"))
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.tunnel_host = self.path.rsplit(":", 1)[0]
        self.connection = owner.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = _Writer(self.connection)
        self.close_connection = False

    def _serve(self) -> None:
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = target.hostname or self.tunnel_host or headers.get("host", "").rsplit(":", 1)[0]
        query = parse_qs(target.query, keep_blank_values=True)
        body = self.rfile.read(int(headers.get("content-length") or 0))
        request = Request(0, self.command, host, target.path, query, headers, body)
        try:
            reply = self.server.owner.answer(request)
        except Exception as error:  # a bug in a test server must be visible in the test
            reply = Reply(500, f"test server: {type(error).__name__}: {error}".encode())
        self._send(reply)

    do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _serve

    def _send(self, reply: Reply) -> None:
        if reply.action != "send":
            if reply.action == "stall":
                self.server.owner.stopping.wait(reply.stall_s)
            self._reset()
            return
        phrase = responses.get(reply.status, "Unknown")
        lines = [f"HTTP/1.1 {reply.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if reply.status not in (204, 304):
            lines.append(f"content-length: {len(reply.body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        body = b"" if self.command == "HEAD" else reply.body
        self.wfile.write(head + body[: len(body) - reply.cut_bytes] if reply.cut_bytes else head + body)
        if reply.cut_bytes:
            self._reset()

    def _reset(self) -> None:
        """Close with RST instead of FIN, as a broken line looks to the client."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


class _Writer:
    """An unbuffered writer over a wrapped socket, as the handler expects of ``wfile``."""

    closed = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, data: bytes) -> int:
        self._connection.sendall(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        """The listener closes the socket."""
