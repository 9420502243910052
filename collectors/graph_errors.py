"""What an answer of Meta's Graph API that is not data means, and what to do about it (one table, no network).

Meta's texts are never passed on: they can quote what was asked. Ours are the same for the same cause, so that readers see one line.
"""

from collections.abc import Mapping
from typing import Any, Literal

from collectors.base import CollectorError
from pantau.core.model import UnreadClass

Action = Literal["retry", "wait", "fields", "missing", "forbidden", "stop", "odd"]
"""retry: fault of the moment. wait: quota. fields: a field we ask for is not known. missing: the account is not shown, without a
reason. forbidden: our token may not see this account. stop: nothing more can be read tonight. odd: anything else."""

_RATE_CODES = frozenset({4, 17, 32, 613, *range(80000, 80015)})
_MISSING_CODES = frozenset({21, 24, 110, 803})
_NEEDS_PAGE_TOKEN = 2069032
"""Subcode of 190 for pages of the new kind: our token is fine, but this page wants its own."""
_NO_OBJECT = 33
"""Subcode of 100: the object does not exist, or our token may not know that it does."""
_NO_PROFESSIONAL = 2207013
"""Subcode of 110: no professional account of Instagram has this name."""


class GraphError(CollectorError):
    """A refusal by the Graph API. ``action`` says what it means for the rest; ``code`` is Meta's, 0 when it gave none."""

    def __init__(self, reason: str, unread_class: UnreadClass, action: Action, *, code: int = 0) -> None:
        self.action: Action = action
        self.code = code
        super().__init__(reason, unread_class, source_down=action == "stop")


def format_error(service: str, what: str) -> GraphError:
    """The error for an answer whose shape is not the known one. ``what`` names the place, without any content."""
    return GraphError(f"jawaban {service} (Graph API) tidak dikenali ({what})", "format", "odd")


def network_error(service: str, what: str) -> GraphError:
    """The error for a server that could not be reached or answered with a fault."""
    reason = f"server {service} (Graph API) tidak dapat dibaca setelah beberapa kali dicoba ({what}); dicoba lagi malam berikutnya"
    return GraphError(reason, "network", "retry")


def judge(status: int, body: object, service: str) -> GraphError:
    """What a refusal means (``body``: parsed JSON, or None when it was no JSON)."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping) or not isinstance(error.get("code"), int):
        return _bare(status, service)
    code, subcode = error["code"], error.get("error_subcode")
    if code in _RATE_CODES:
        return _quota(service)
    if code == 190 and subcode == _NEEDS_PAGE_TOKEN:
        return _forbidden(service)
    if code in (102, 190, 2500):
        reason = (
            f"token {service} (Graph API) ditolak atau kedaluwarsa ({code}); buat token baru dan perbarui setelannya"
        )
        return GraphError(reason, "token", "stop", code=code)
    if code in (341, 368):
        return GraphError(f"Meta menahan aplikasi kita ({code}); periksa aplikasi di dasbor Meta", "blocked", "stop")
    if code in (1, 2) or error.get("is_transient") is True:
        return network_error(service, f"kode {code}")
    if code in _MISSING_CODES:
        return _not_shown(service, code)
    if code in (3, 10, 294) or 200 <= code <= 299:
        return _forbidden(service)
    if code in (12, 100):
        return _invalid(error, service)
    return GraphError(f"{service} (Graph API) menolak permintaan (kode {code})", "format", "odd")


def _invalid(error: Mapping[str, Any], service: str) -> GraphError:
    """Code 100 stands for four different things, told apart by subcode and words only."""
    said = str(error.get("message", "")).lower()
    if error.get("error_subcode") == _NO_OBJECT:
        return _not_shown(service, 100)
    if error.get("error_subcode") == _NO_PROFESSIONAL:
        return _not_shown(service, 110)
    if "nonexisting field" in said or "field is deprecated" in said or error.get("code") == 12:
        reason = f"{service} (Graph API) tidak lagi mengenal kolom yang diminta; Pantau perlu diperbarui"
        return GraphError(reason, "format", "fields")
    if "permission" in said or "content access" in said or "app secret proof" in said:
        return _forbidden(service)
    return GraphError(f"{service} (Graph API) menolak permintaan (kode 100)", "format", "odd")


def _not_shown(service: str, code: int) -> GraphError:
    return GraphError(f"{service} (Graph API) tidak menampilkan akun ini", "unproven", "missing", code=code)


def _forbidden(service: str) -> GraphError:
    reason = f"token {service} (Graph API) tidak berhak membaca akun ini; periksa izin aplikasi dan peran di akun itu"
    return GraphError(reason, "token", "forbidden")


def _quota(service: str) -> GraphError:
    return GraphError(f"kuota {service} (Graph API) habis sebelum akun ini terbaca", "budget", "wait")


def _bare(status: int, service: str) -> GraphError:
    """A refusal without Meta's error object: gateways, proxies, wrong addresses."""
    if status == 429:
        return _quota(service)
    if status >= 500 or status in (301, 302, 303, 307, 308, 408):
        return network_error(service, f"status {status}")
    if status == 404:
        return GraphError(f"alamat {service} (Graph API) tidak dikenal (404); periksa collect.meta", "format", "stop")
    if status in (401, 403, 407):
        return GraphError(f"permintaan ke {service} (Graph API) ditolak ({status})", "blocked", "stop")
    return format_error(service, f"status {status}")
