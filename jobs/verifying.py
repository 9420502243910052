"""Whether the store still says what a digest said: its fingerprint, and every post and reading behind it."""

import re

import msgspec

from pantau.digest.build_rest import FINGERPRINT
from pantau.store import Verified
from pantau.store.store import Store

_FOLD = 16


class Verdict(msgspec.Struct, frozen=True):
    """The report in Indonesian, and whether everything that can be compared is as it was."""

    lines: tuple[str, ...]
    good: bool


def verify(store: Store, run_id: str, printed: str = "") -> Verdict:
    """Check the manifest of a run against the fingerprint in its stored digest and, when given, the one ``printed`` on a copy.

    Raises ``StoreError`` for a run that never began.
    """
    found = store.manifests.verify(run_id)
    if not found.sha256:
        return Verdict((f"{run_id} tidak punya manifes: ringkasannya dibuat sebelum Pantau menyimpannya.",), False)
    lines = [f"{run_id}: {found.posts} unggahan, {found.readings} pembacaan akun.", f"Sidik data: {found.sha256}"]
    good = True
    told = {"ringkasan yang tersimpan": _told(store, run_id), "salinan Anda": printed.strip().lower()}
    for where, fingerprint in told.items():
        if fingerprint:
            same = _same(fingerprint, found.sha256)
            good = good and same
            lines.append(
                f"{'Sama dengan' if same else 'BERBEDA dari'} sidik pada {where}{'' if same else f': {fingerprint}'}."
            )
    lines += _contents(found)
    return Verdict(tuple(lines), good and not found.different)


def _told(store: Store, run_id: str) -> str:
    """The fingerprint as printed in the stored digest or correction; empty when there is none (a rerun that was not mailed)."""
    data = store.documents.get(run_id, "staff", "text") or b""
    printed = re.search(rf"{FINGERPRINT}: ([0-9a-f]{{64}})", data.decode())
    return printed[1] if printed else ""


def _same(fingerprint: str, sha256: str) -> bool:
    """A reader may type only the beginning, at least 16 signs of it."""
    return len(fingerprint) >= _FOLD and sha256.startswith(fingerprint)


def _contents(found: Verified) -> list[str]:
    lines = []
    if found.purged_posts:
        lines.append(
            f"{found.purged_posts} unggahan sudah dihapus oleh aturan penyimpanan; isinya tidak dapat dibandingkan lagi."
        )
    if found.purged_raws:
        lines.append(
            f"{found.purged_raws} jawaban mentah sudah dihapus oleh aturan penyimpanan; teksnya masih ada dan dibandingkan."
        )
    if not found.different:
        return [*lines, "Semua isi yang masih tersimpan sama dengan yang dibaca waktu itu."]
    lines.append(f"{found.different} hal TIDAK sama dengan yang dibaca waktu itu:")
    lines += [f"- {difference}" for difference in found.differences]
    if found.different > len(found.differences):
        lines.append(f"- dan {found.different - len(found.differences)} lagi")
    return lines
