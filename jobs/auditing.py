"""The audit log in words: checking it against what digests printed, and one line per entry."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from pantau.digest.build_rest import AUDIT_HEAD
from pantau.store.audit import AuditEntry, AuditHead
from pantau.store.store import Store

_SHORTEST_HEAD = 16
_ALL_RUNS = 1_000_000
_OUTCOMES = {
    "decision": "keputusan",
    "bounce": "surel kembali",
    "refused": "ditolak",
    "quarantine": "ditahan",
    "unclear": "tidak dipahami",
}


class AuditVerdict(msgspec.Struct, frozen=True):
    """The report in Indonesian, and whether the log is whole and nothing contradicts it."""

    lines: tuple[str, ...]
    good: bool


def printed_head(head: AuditHead) -> str:
    """The newest entry as a digest prints it; empty for an empty log."""
    return f"{head.sha256} (catatan {head.n})" if head.n else ""


def verify_audit(store: Store, typed: str = "") -> AuditVerdict:
    """Check the log, the tables it tells of, the heads in stored digests, and the one ``typed`` from a mailed copy."""
    printed = _printed(store)
    typed = typed.strip().lower()
    found = store.verify_audit({*printed, *([typed] if typed else [])})
    lost = {head: run for head, (run, n) in printed.items() if head not in found.found and n > found.removed_to}
    if found.broken_at:
        lines = [f"RUSAK mulai catatan {found.broken_at}: {found.why}. Yang sesudahnya tidak dapat dipercaya."]
    else:
        lines = [f"{found.head.n} catatan tersambung utuh. {AUDIT_HEAD}: {found.head.sha256 or '(kosong)'}"]
        lines += [f"- {difference}" for difference in found.differences]
        if found.different > len(found.differences):
            lines.append(f"- dan {found.different - len(found.differences)} lagi")
        lines += [f"Jejak yang tercetak di ringkasan {run_id} TIDAK ada: {head}" for head, run_id in lost.items()]
        if found.removed_to:
            lines.append(
                f"Catatan 1 sampai {found.removed_to} sudah dihapus menurut aturan penyimpanan; yang tersisa menyegelnya."
            )
        left = [head for head, (_, n) in printed.items() if n > found.removed_to]
        if left and not lost:
            lines.append(f"Sidik yang tercetak di {len(left)} ringkasan tersimpan ada semua.")
    if typed:
        known = len(typed) >= _SHORTEST_HEAD and typed in found.found
        lines.append(f"Sidik pada salinan Anda {'ada di jejak ini' if known else 'TIDAK ada di jejak ini'}.")
    if found.restores and (lost or (typed and typed not in found.found)):
        lines.append(
            f"Jejak ini pernah dipulihkan dari cadangan ({found.restores} kali); catatan di antara cadangan dan pemulihan hilang."
        )
    missing_typed = bool(typed) and (len(typed) < _SHORTEST_HEAD or typed not in found.found)
    return AuditVerdict(tuple(lines), not (found.broken_at or found.different or lost or missing_typed))


def _printed(store: Store) -> dict[str, tuple[str, int]]:
    """The heads printed in stored staff digests, each with its run and the number of its entry."""
    found = {}
    for run in store.runs.recent(_ALL_RUNS):
        text = (store.documents.get(run.run_id, "staff", "text") or b"").decode("utf-8", "replace")
        if printed := re.search(rf"{AUDIT_HEAD}:\s+([0-9a-f]{{64}})\s+\(catatan\s+(\d+)\)", text):
            found[printed[1]] = (run.run_id, int(printed[2]))
    return found


def told(store: Store, zone: ZoneInfo, start: datetime | None, end: datetime | None) -> Iterator[str]:
    """Every entry of a time as one line."""
    for entry in store.audit.entries(start, end):
        when = entry.at.astimezone(zone)
        yield f"{entry.n:>6}  {when:%d-%m-%Y %H:%M}  {entry.run_id or '-':<14}  {_words(entry)}"


def _words(entry: AuditEntry) -> str:
    facts = entry.facts
    words = {
        "begin": lambda: f"jejak dimulai; {facts['decisions']} keputusan sebelumnya disegel",
        "inputs": lambda: "menilai dengan " + ", ".join(f"{name} {value[:12]}" for name, value in facts.items()),
        "findings": lambda: _findings(facts),
        "frozen": lambda: _frozen(facts),
        "mail": lambda: f"surel {facts['mail']}: {facts['state']}" + (f" ({facts['code']})" if facts["code"] else ""),
        "decision": lambda: f"keputusan {facts['action']} tentang {facts['finding']} oleh {facts['by']}",
        "letter": lambda: _letter(facts),
        "backup": lambda: f"dicadangkan ke {facts['file']}" + (" dengan rahasia" if facts["secrets"] else ""),
        "restore": lambda: f"dipulihkan dari {facts['file']} yang dibuat {facts['made_at']}",
        "checkpoint": lambda: (
            f"catatan 1 sampai {facts['removed_to']} dihapus menurut aturan penyimpanan; disegel di sini"
        ),
        "purge": lambda: "dihapus menurut aturan penyimpanan: " + _counts(facts["removed"]),
    }
    return words[entry.kind]() if entry.kind in words else f"{entry.kind}: {_counts(facts)}"


def _findings(facts: dict[str, Any]) -> str:
    parts = [
        f"{rule} {strength} {' '.join(keys)}"
        for rule, strengths in facts["rules"].items()
        for strength, keys in strengths.items()
    ]
    return f"{facts['count']} temuan" + (": " + "; ".join(parts) if parts else "")


def _frozen(facts: dict[str, Any]) -> str:
    mails = [f"{mail['edition']} untuk {mail['reader']} ({mail['mail']})" for mail in facts["mails"]]
    return f"{len(facts['documents'])} dokumen dibekukan" + (
        ", surel " + ", ".join(mails) if mails else ", tanpa surel"
    )


def _letter(facts: dict[str, Any]) -> str:
    outcome = _OUTCOMES.get(facts["outcome"], facts["outcome"])
    about = f" tentang {facts['finding']}" if facts["finding"] else ""
    return f"surat dari {facts.get('sender', '?')}: {outcome}{about}"


def _counts(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
