"""The keys of ``[cluster]``: Dask workers that take over collection, pictures and scores. Off without ``scheduler``."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import msgspec

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})")
_TLS_KEYS = ("tls_ca_file", "tls_cert", "tls_key")


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the scheduler is and how far the way to it is trusted."""

    scheduler: str = ""
    """``tls://host:8786`` or ``tcp://host:8786``; empty: everything in one process."""
    plain: bool = False
    """Allow ``tcp://`` to another machine: whoever reaches that network can then run code on the workers and on this machine."""
    tls_ca_file: str = ""
    """The authority (PEM) that vouches for scheduler, workers and this machine; with ``tls_cert`` and ``tls_key`` for ``tls://``."""
    tls_cert: str = ""
    tls_key: str = ""
    wait_s: float = 120.0
    """Longest time, in seconds, without any worker before the run ends."""

    @property
    def on(self) -> bool:
        """True when a scheduler is named."""
        return bool(self.scheduler)


def cluster_problems(
    cluster: ClusterSettings, database_url: str, proxy: str, path: Callable[[str], Path]
) -> list[tuple[str, object, str, str]]:
    """What is wrong with the section: (key, value, what, remedy).

    ``database_url`` is ``store.url`` ("" for SQLite in the state folder), or "?" when it is a secret and read later.
    """
    wrong: list[tuple[str, object, str, str]] = []
    if not cluster.on:
        return wrong
    address = _ADDRESS.fullmatch(cluster.scheduler)
    if address is None or not 0 < int(address[3]) < 65536:
        remedy = 'Tulis misalnya "tls://penjadwal.kantor.lokal:8786".'
        return [("cluster.scheduler", cluster.scheduler, "bukan alamat penjadwal Dask", remedy)]
    secure, host = address[1] == "tls", address[2].strip("[]")
    if database_url != "?" and not database_url.startswith("postgresql"):
        remedy = "Isi store.url atau store.url_secret dengan alamat PostgreSQL, atau kosongkan cluster.scheduler."
        wrong.append(("cluster.scheduler", cluster.scheduler, "hanya dapat dipakai bersama PostgreSQL", remedy))
    if not secure and not cluster.plain and not is_this_machine(host):
        what = "tcp:// ke mesin lain tidak disandikan: siapa pun di jaringan itu dapat menjalankan program di sini"
        remedy = "Pakai tls:// dengan tls_ca_file, tls_cert, tls_key; atau plain = true bila jaringan itu tertutup."
        wrong.append(("cluster.scheduler", cluster.scheduler, what, remedy))
    if not secure and "@" in proxy:
        what = "sandi di network.proxy akan terkirim ke pekerja tanpa disandikan"
        wrong.append(("cluster.scheduler", cluster.scheduler, what, "Pakai tls://, atau proksi tanpa sandi."))
    if secure:
        for key in _TLS_KEYS:
            name = getattr(cluster, key)
            if not name:
                wrong.append((f"cluster.{key}", "", "belum diisi", "Wajib bila cluster.scheduler memakai tls://."))
            elif not path(name).is_file():
                remedy = "Jalur dihitung dari folder berkas setelan ini."
                wrong.append((f"cluster.{key}", name, "berkas tidak ada", remedy))
    if cluster.wait_s <= 0:
        wrong.append(("cluster.wait_s", cluster.wait_s, "harus lebih besar dari 0", "Perbaiki angkanya."))
    return wrong


def is_this_machine(host: str) -> bool:
    """True for an address that never leaves this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
