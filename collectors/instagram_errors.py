"""Translates what instaloader raises into reasons. The same cause has the same text: readers see one line, not a thousand."""

import json
import re
from collections.abc import Iterator

import requests
from instaloader.exceptions import (
    AbortDownloadException,
    BadResponseException,
    ConnectionException,
    InstaloaderException,
    LoginRequiredException,
    PostChangedException,
    PrivateProfileNotFollowedException,
    ProfileNotExistsException,
    QueryReturnedBadRequestException,
    QueryReturnedNotFoundException,
    TooManyRequestsException,
)

from collectors.base import CollectorError
from pantau.core.errors import PantauError
from pantau.core.model import Outcome

MISSING = "Instagram menyatakan akun ini tidak ada"
PRIVATE = "akun ini dikunci (privat)"
LIBRARY_ERRORS = (InstaloaderException, AbortDownloadException, requests.RequestException)
"""What instaloader raises on purpose; an odd answer can provoke anything else besides."""
_STATUS = re.compile(r"(?:^|: )(\d{3}) ")
_CHALLENGES = ("checkpoint_required", "challenge_required", "feedback_required")


class AccountOutcomeError(PantauError):
    """Instagram answered, and the answer is about the account: missing or private. Not a failure of ours."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        self.outcome: Outcome = outcome
        super().__init__(reason)


class TransientError(CollectorError):
    """A failure that a second request may not meet again: a broken line, a gateway's error page, half an answer."""


class NotUnderItsNameError(CollectorError):
    """The account's name leads nowhere or to somebody else, and a visitor cannot ask by number: renamed as likely as gone."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; mencarinya menurut nomor akun perlu sesi Instagram", "unproven")


class RefusedError(CollectorError):
    """Instagram turned against our own account. Asking on gets it locked, tonight and by a second start alike."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "blocked", source_down=True)


def translate(error: Exception) -> AccountOutcomeError | CollectorError:
    """The reason behind one of ``LIBRARY_ERRORS``."""
    if isinstance(error, ProfileNotExistsException):
        return AccountOutcomeError("missing", MISSING)
    if isinstance(
        error, QueryReturnedNotFoundException
    ):  # an address of ours is wrong as likely as an account is missing
        return CollectorError("Instagram tidak menemukan yang diminta (404)", "unproven")
    if isinstance(error, PrivateProfileNotFollowedException):
        return AccountOutcomeError("private", PRIVATE)
    if isinstance(error, AbortDownloadException):
        return _aborted(str(error))
    if isinstance(error, LoginRequiredException):
        return _login_required(str(error))
    if isinstance(error, ConnectionException | requests.RequestException):
        return _connection(error)
    if isinstance(error, QueryReturnedBadRequestException):
        return CollectorError(
            "Instagram tidak mengenali permintaan (400); instaloader mungkin perlu diperbarui", "format"
        )
    if isinstance(error, BadResponseException) and "fb_dtsg" in str(error):
        return _session_over()  # the start page came as a logged-out visitor sees it
    if isinstance(error, BadResponseException | PostChangedException):
        return CollectorError("jawaban Instagram tidak memuat data yang diharapkan", "format")
    return CollectorError(f"instaloader gagal ({type(error).__name__})", "format")


def refused_page(error: Exception) -> bool:
    """True when a visitor's profile page was withheld (sign-in wall, 401, 403, 429, a page without data).

    That says nothing about the account, nor about a session that is signed in.
    """
    if isinstance(error, CollectorError):
        return error.unread_class == "format"
    if isinstance(error, AbortDownloadException):
        return "Redirected to login page" in str(error)
    if isinstance(error, QueryReturnedNotFoundException):
        return False
    return isinstance(error, ConnectionException) and _status(error) in (401, 403, 429)


def _aborted(text: str) -> CollectorError:
    if "Redirected to login page" in text or "login_required" in text:
        return _session_over()
    if any(word in text for word in _CHALLENGES):
        reason = (
            "Instagram meminta pemeriksaan akun pemantau (checkpoint); Instagram dihentikan untuk malam ini. "
            "Buka Instagram di peramban dengan akun itu, selesaikan pemeriksaannya, lalu impor ulang sesinya"
        )
        return RefusedError(reason)
    return RefusedError("Instagram menghentikan permintaan kita")


def _session_over() -> CollectorError:
    reason = (
        "sesi Instagram sudah tidak berlaku. Masuk lagi di peramban, lalu impor ulang sesinya "
        "(pantau accounts session import)"
    )
    return CollectorError(reason, "token", source_down=True)


def _login_required(text: str) -> AccountOutcomeError | CollectorError:
    if "private profile" in text:
        return AccountOutcomeError("private", PRIVATE)
    reason = "Instagram hanya melayani pengunjung yang masuk. Impor sesi dari peramban"
    return CollectorError(reason, "blocked", source_down=True)


def _connection(error: Exception) -> CollectorError:
    text = str(error)
    if "login_required" in text or any(word in text for word in _CHALLENGES):
        return _aborted(text)
    causes = list(_chain(error))
    status = _status(error)
    if status == 429 or any(isinstance(cause, TooManyRequestsException) for cause in causes):
        return CollectorError("Instagram membatasi jumlah permintaan (429)", "rate_limit")
    if status in (401, 403):
        return CollectorError(f"Instagram menolak permintaan ({status})", "blocked")
    if status >= 500:
        return TransientError("server Instagram sedang bermasalah", "network")
    if any(isinstance(cause, json.JSONDecodeError) for cause in causes):
        return TransientError("jawaban Instagram terpotong atau bukan data", "format")
    if any(isinstance(cause, requests.Timeout) for cause in causes):
        return TransientError("Instagram tidak menjawab pada waktunya", "network")
    if any(isinstance(cause, requests.RequestException) for cause in causes):
        return TransientError("sambungan ke Instagram gagal", "network")
    if status == 200:
        return CollectorError("Instagram menjawab dengan penolakan", "blocked")
    return CollectorError(f"Instagram menjawab di luar dugaan ({status or type(error).__name__})", "format")


def _status(error: Exception) -> int:
    """The HTTP status that instaloader wrote into its message, or 0."""
    found = _STATUS.search(str(error))
    return int(found.group(1)) if found else 0


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
