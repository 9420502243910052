"""The keys of ``[pictures]``: reading the words on pictures, and the small pictures in mails."""

import re

import msgspec


class PictureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Reading the words on pictures; needs the extra ``ocr``. Of videos the cover picture is read."""

    enabled: bool = False
    """Fetch the pictures of new posts and read them. False: the digest counts them as not read."""
    folder: str = ""
    """Where the pictures of imported posts lie whose ``media.url`` is ``file:NAME``; empty: such pictures are not read."""
    minutes: float = 60.0
    """Time for pictures in one night; what is not read by then is counted in the digest."""
    max_mb: float = 10.0
    """Largest picture that is fetched, in megabytes."""
    timeout_s: float = 20.0
    """Longest silence of a picture server; a whole picture may take twice as long."""
    sure_score: float = 0.6
    """Lines read with less confidence (0 to 1) lead to a review at most."""
    private_hosts: tuple[str, ...] = ()
    """Host names or addresses inside the office's own network from which pictures may be fetched; all others must be public."""
    thumbnails: int = 20
    """Posts with a finding that get a small picture in the mail, worst first, whether ``enabled`` or not; 0: none."""
    thumbnail_hosts: dict[str, tuple[str, ...]] = {}
    """Further hosts by platform from which those pictures may come, beside the platforms' own; https only."""


def picture_problems(pictures: PictureSettings) -> list[tuple[str, object, str, str]]:
    """What is wrong with the section: (key, value, what, remedy)."""
    wrong: list[tuple[str, object, str, str]] = []
    if not 0 <= pictures.sure_score <= 1:
        wrong.append(("pictures.sure_score", pictures.sure_score, "harus antara 0 dan 1", "Perbaiki angkanya."))
    if not 0 <= pictures.thumbnails <= 100:
        wrong.append(("pictures.thumbnails", pictures.thumbnails, "harus antara 0 dan 100", "0: tanpa gambar kecil."))
    for platform, hosts in pictures.thumbnail_hosts.items():
        for host in hosts:
            if not re.fullmatch(r"(?=.*[a-z])[a-z0-9-]+(\.[a-z0-9-]+)*", host, re.IGNORECASE | re.ASCII):
                remedy = 'Tulis nama server saja, misalnya "gambar.kantor.go.id".'
                wrong.append((f"pictures.thumbnail_hosts.{platform}", host, "bukan nama server", remedy))
    return wrong
