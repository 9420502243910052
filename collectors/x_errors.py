"""What an answer of X that is not data means, and what to do about it (one table, no network).

X names problems by a URI whose host changes (api.twitter.com, api.x.com); only its last part is compared.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from collectors.base import CollectorError
from pantau.core.model import Outcome, UnreadClass

Action = Literal["retry", "wait", "query", "auth", "access", "account", "stop"]
"""retry: fault of the moment. wait: rate limit. query: X refuses the query itself. auth: token refused. access: the app may not
use this endpoint. account: only this account is refused. stop: nothing more can be read tonight."""


class XError(CollectorError):
    """A refusal by X. ``action`` says what it means for the rest; ``outcome`` what it says of the account (``account`` only)."""

    def __init__(self, reason: str, unread_class: UnreadClass, action: Action, outcome: Outcome = "unread") -> None:
        self.action: Action = action
        self.outcome: Outcome = outcome
        super().__init__(reason, unread_class, source_down=action in ("auth", "access", "stop"))


class AccountProblem(msgspec.Struct, frozen=True):
    """What X says of one account: the outcome, and the reason in words for readers."""

    outcome: Outcome
    reason: str
    unread_class: UnreadClass = ""


_TOKEN = "token X ditolak (401); buat token baru di konsol pengembang X dan perbarui collect.x.bearer_token"
_ACCESS = "aplikasi X tidak berhak memakai API ini (403); hubungkan ke Project di konsol pengembang X"
_USAGE = "kuota baca bulanan X habis; tunggu tanggal pulihnya atau naikkan batas di konsol pengembang X"
_SPEND = "batas belanja bulanan X tercapai; naikkan batas di konsol pengembang X"
_CREDITS = "saldo kredit X habis; isi ulang di konsol pengembang X"
_QUERY = "X menolak permintaan pencarian (400); periksa penulisan nama akun di daftar akun"
_FORMAT = "jawaban X tidak dikenali; jalankan pantau probe --platform x dan laporkan hasilnya"

SUSPENDED = AccountProblem("suspended", "X menyatakan akun ini ditangguhkan (suspended)")
MISSING = AccountProblem(
    "missing", "X tidak menemukan akun ini; mungkin berganti nama atau dihapus, periksa nama akun di daftar akun"
)
PRIVATE = AccountProblem("private", "akun ini dikunci (protected); kirimannya hanya terlihat oleh pengikutnya")


def format_error(what: str) -> CollectorError:
    """The error for an answer whose shape is not the known one. ``what`` names the place, without any content."""
    return CollectorError(f"{_FORMAT} ({what})", "format")


def network_error(what: str) -> CollectorError:
    """The error for a server that could not be reached or answered with a fault, after all tries."""
    return CollectorError(
        f"server X tidak dapat dibaca setelah beberapa kali dicoba ({what}); dicoba lagi malam berikutnya", "network"
    )


def problem_type(body: object) -> str:
    """Last part of the problem's URI, or empty."""
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    uri = body.get("type") or first.get("type") or ""
    return str(uri).rstrip("/").rsplit("/", 1)[-1]


def judge(status: int, body: object) -> XError:
    """What an answer with an error status means (``body``: parsed JSON, or None when it was no JSON)."""
    kind = problem_type(body)
    said = body if isinstance(body, Mapping) else {}
    title = str(said.get("title", ""))
    account = account_problem(said)
    if status == 429 and (kind == "usage-capped" or title == "UsageCapExceeded"):
        return XError(_USAGE, "budget", "stop")
    if status == 429:
        return XError("batas laju X belum pulih (429); dicoba lagi malam berikutnya", "rate_limit", "wait")
    if status == 402 or kind == "credits":
        return XError(_CREDITS, "budget", "stop")
    if kind == "spend-cap-reached":
        return XError(_SPEND, "budget", "stop")
    if status == 400:
        return XError(_QUERY, "format", "query")
    if status in (401, 403, 404) and account is not None:
        return XError(account.reason, account.unread_class, "account", account.outcome)
    if status == 401:
        return XError(_TOKEN, "token", "auth")
    if status == 403 and (kind in ("client-forbidden", "unsupported-authentication") or said.get("reason")):
        return XError(_ACCESS, "token", "access")
    if status == 403:
        return XError(
            f"X menolak permintaan (403 {title or 'tanpa keterangan'}); periksa aplikasi di konsol X", "blocked", "stop"
        )
    if status == 404:
        return XError("alamat API X tidak dikenal (404); periksa collect.x.api_url", "format", "stop")
    if status >= 500 or status in (301, 302, 303, 307, 308, 408):
        return XError(str(network_error(f"status {status}")), "network", "retry")
    return XError(f"{_FORMAT} (status {status})", "format", "retry")


def account_problem(error: Mapping[str, Any]) -> AccountProblem | None:
    """What one error object says of an account; None when it is about something else (a deleted post, for example)."""
    kind = problem_type(error)
    if kind not in ("resource-not-found", "not-authorized-for-resource", "disallowed-resource"):
        return None
    if error.get("resource_type", "user") != "user":
        return None
    if "suspended" in str(error.get("detail", "")).lower():
        return SUSPENDED
    if kind == "resource-not-found":
        return MISSING
    if kind == "not-authorized-for-resource":
        return PRIVATE
    return AccountProblem("unread", "X menolak menampilkan akun ini", "blocked")


def account_problems(body: Mapping[str, Any]) -> dict[str, AccountProblem]:
    """The partial errors of an answer, by lower-case handle or id."""
    found: dict[str, AccountProblem] = {}
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, Mapping) and (problem := account_problem(error)):
            name = error.get("value") or error.get("resource_id") or ""
            found[str(name).lower()] = problem
    return found


def absent_posts(body: Mapping[str, Any]) -> list[str]:
    """Ids of posts of which an answer says that they are not to be found; not those that somebody may not see."""
    errors = body.get("errors")
    rows = [error for error in errors if isinstance(error, Mapping)] if isinstance(errors, list) else []
    return [
        str(error.get("value") or error.get("resource_id") or "")
        for error in rows
        if error.get("resource_type") in ("tweet", "post")
        and str(error.get("type", "")).rstrip("/").endswith("/resource-not-found")
        and "suspended" not in str(error.get("detail", "")).lower()
    ]
