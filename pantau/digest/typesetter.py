"""Turns print pages into PDF, in a process of its own: it works beside the night, and neither its memory, nor a page on which it
hangs, nor a fault of a system library touches the night.

Run as ``python -m pantau.digest.typesetter`` it reads pages from standard input and writes PDFs to standard output, each as
its length (8 bytes) and its bytes, until the input ends. WeasyPrint needs Pango, a system library.
"""

import atexit
import errno
import gc
import hashlib
import os
import re
import resource
import struct
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from pantau.core.errors import PantauError

LIMIT_S = 180.0
"""How long one page may take; a large one takes a few seconds."""
COMMAND = (sys.executable, "-m", "pantau.digest.typesetter")
_KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "FONTCONFIG_FILE",
    "TMPDIR",
)
"""All that the process needs of the environment; secrets may stand in the rest."""
_DATES = {"SOURCE_DATE_EPOCH": "1767225600"}
"""Font subsets carry the time of their making unless this says otherwise."""
_LENGTH = struct.Struct(">Q")
_DONE, _FAILED = b"+", b"!"
_LEAST_ROOM = 200 * 1024 * 1024
"""With less room than this (bytes) a failure to load the libraries is laid to the memory, whatever the loader calls it."""
_NO_MEMORY_SIGNS = ("failed to map segment", "cannot allocate memory", "out of memory")
_NO_MEMORY = "PDF tidak dibuat: memori mesin tidak cukup untuk menyusunnya. Hentikan program lain atau tambah memori."
_KILLED_WORDS = (
    "PDF tidak dibuat: penyusun halaman dihentikan oleh sistem, biasanya karena memori mesin tidak cukup. "
    "Hentikan program lain atau tambah memori."
)
_ENDING_S = 5.0
_KILLED = (-9, -6, -5, -11)
"""How a process ends that the system denied memory: SIGKILL, SIGABRT, SIGTRAP (GLib), SIGSEGV."""


class PrintError(PantauError):
    """A PDF cannot be made on this machine."""


class Typesetter:
    """The process, started when it is first wanted and used for all pages of this run."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._refused = ""
        self._one_at_a_time = threading.Lock()

    def start(self) -> None:
        """Have the process ready; its libraries take a second to load. Where it cannot start, ``typeset`` says so."""
        if self._process is None or self._process.poll() is not None:
            environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
            self._process, self._refused = None, ""
            try:
                self._process = subprocess.Popen(
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=environment | _DATES,
                    start_new_session=True,
                )
            except OSError as error:  # the digest goes out without its PDF
                reason = f"PDF tidak dibuat: penyusun halaman tidak dapat dijalankan ({error.strerror})."
                self._refused = _NO_MEMORY if _is_lack_of_memory(error) else reason

    def typeset(self, source: str) -> bytes:
        """The PDF of a page that draws on nothing outside itself; the same page gives the same bytes. Raises ``PrintError``."""
        with self._one_at_a_time:
            self.start()
            process = self._process
            if process is None:
                raise PrintError(self._refused)
            answer, late = _ask(process, source)
            if answer is None:
                killed = not late and _was_denied_memory(process)
                self.close()
                stopped = "PDF tidak dibuat: penyusun halaman berhenti di tengah jalan atau terlalu lama."
                raise PrintError(_KILLED_WORDS if killed else stopped)
            if answer[:1] == _FAILED:
                raise PrintError(answer[1:].decode("utf-8"))
            return answer[1:]

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was still to be sent goes nowhere
                pass
        process.kill()
        process.wait()


def _ask(process: "subprocess.Popen[bytes]", source: str) -> tuple[bytes | None, bool]:
    """What the process answers to a page, None when it ended; and whether we ended it for taking too long."""
    assert process.stdin is not None
    assert process.stdout is not None
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(LIMIT_S, end)
    timer.start()
    try:
        _send(process.stdin, source.encode("utf-8", "replace"))
        return _receive(process.stdout), late.is_set()
    except OSError:
        return None, late.is_set()
    finally:
        timer.cancel()


def _was_denied_memory(process: "subprocess.Popen[bytes]") -> bool:
    """Whether a process that ended by itself most likely found no memory: the system killed it, or there is hardly any left."""
    try:
        code = process.wait(_ENDING_S)
    except subprocess.TimeoutExpired:
        return False
    return code in _KILLED or (code != 0 and _room() < _LEAST_ROOM)


def _is_lack_of_memory(error: BaseException) -> bool:
    """By the error's kind and words, or since there is hardly any room left: the loader of libraries calls a file missing then."""
    words = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or any(sign in words for sign in _NO_MEMORY_SIGNS)
        or _room() < _LEAST_ROOM
    )


def _room() -> float:
    """Bytes that this process can still get, by its limit and by the machine; infinite where neither is known."""
    rooms = [float("inf")]
    try:
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            rooms.append(limit - pages * resource.getpagesize())
        told = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
        if told:
            rooms.append(int(told[1]) * 1024)
    except (OSError, ValueError):
        pass
    return min(rooms)


TYPESETTER = Typesetter()
atexit.register(TYPESETTER.close)


def unavailable() -> str:
    """Why no PDF can be made here, in an Indonesian sentence; empty when one can. Loads the libraries into this process."""
    try:
        import weasyprint  # noqa: F401
        from PIL import ImageFile

        # WeasyPrint has half a picture count as a whole one in the whole process; elsewhere such a picture is unreadable.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    except (ImportError, OSError, MemoryError) as error:  # OSError: a shared library is missing
        if _is_lack_of_memory(error):
            return _NO_MEMORY
        return (
            "PDF tidak dibuat: WeasyPrint atau pustaka Pango belum terpasang di mesin ini "
            "(Debian/Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 fonts-liberation)."
        )
    return ""


def only_data() -> Any:
    """Lets WeasyPrint read pictures that stand in the page, and nothing else: no file, no network."""
    from weasyprint.urls import URLFetcher

    class OnlyData(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if not re.match(r"data:image/(png|jpeg|svg\+xml);base64,", url):
                raise ValueError(f"alamat di luar halaman: {url[:80]}")
            return super().fetch(url, headers)

    return OnlyData(allowed_protocols=["data"], allow_redirects=False)


def serve(pages: BinaryIO, papers: BinaryIO) -> None:
    """Body of the process."""
    problem = unavailable()
    gc.disable()  # boxes live until the file is written; looking for cycles among them takes a tenth of the time
    while (source := _receive(pages)) is not None:
        if problem:
            _send(papers, _FAILED + problem.encode())
            continue
        try:
            _send(papers, _DONE + _pdf(source))
        except Exception as error:  # whatever a post makes the typesetter do, the digest still goes out
            where = traceback.extract_tb(error.__traceback__)[-1].name
            said = f"PDF tidak dibuat karena galat penyusun halaman ({type(error).__name__} pada {where})."
            if _is_lack_of_memory(error):
                said = _NO_MEMORY
            _send(papers, _FAILED + said.encode())
        gc.collect()


def _pdf(source: bytes) -> bytes:
    from weasyprint import HTML

    document = HTML(string=source.decode("utf-8"), url_fetcher=only_data(), base_url=None)
    identifier = hashlib.sha256(source).digest()[:16]
    return bytes(document.write_pdf(pdf_identifier=identifier, pdf_variant="pdf/ua-1"))


def _send(pipe: BinaryIO | Any, data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def _receive(pipe: BinaryIO | Any) -> bytes | None:
    """The next message; None when the other side is gone."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data: bytes = pipe.read(length)
    return data if len(data) == length else None


if __name__ == "__main__":
    with os.fdopen(os.dup(1), "wb") as papers:
        os.dup2(2, 1)  # what a library prints must not stand among the papers
        serve(sys.stdin.buffer, papers)
