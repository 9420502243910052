"""A line between a program and a server that can lose the server's next answer, as a firewall does that restarts."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Line:
    """Passes bytes on in both directions, whatever they are. A context manager; ``port`` is its own end."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._lose = threading.Event()
        self.lost = 0
        """How many answers were swallowed."""

    def lose_next_answer(self) -> None:
        """The next bytes from the server never arrive, and the line is dead from then on."""
        self._lose.set()

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if answers and self._lose.is_set():
                    self._lose.clear()
                    self.lost += 1
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
