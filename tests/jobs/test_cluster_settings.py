"""What of ``[cluster]`` is refused, and how a cluster that cannot be used says so before anything begins."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs import cluster as way
from jobs.__main__ import run
from pantau.core.errors import ClusterError, SecretError, SettingsError
from pantau.core.settings import Settings
from pantau.core.settings_file import load_settings
from tests.jobs.cluster_support import LocalCluster
from tests.servers.certificates import Certificates, make_certificates

STORE = '[store]\nurl = "postgresql://127.0.0.1:9/tidak-ada"\n'
REGISTER = (
    "unit_code,unit_name,unit_kind,parent_code,platform,handle,platform_id,norm_days,grace_days,head_name,head_email,"
    "operator,deputy,priority,note\nOPD-1,Dinas Contoh,opd,,x,contoh,,,,,,,,0,\n"
)


def settings(folder: Path, text: str) -> Settings:
    (folder / "pantau.toml").write_text(text, "utf-8")
    return load_settings(folder / "pantau.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[cluster]\nscheduler = "tcp://127.0.0.1:8786"\n', "hanya dapat dipakai bersama PostgreSQL"),
        ('[store]\nurl = "sqlite:///a.db"\n[cluster]\nscheduler = "tcp://[::1]:8786"\n', "PostgreSQL"),
        (f'{STORE}[cluster]\nscheduler = "tcp://10.1.2.3:8786"\n', "tidak disandikan"),
        (f'{STORE}[cluster]\nscheduler = "tcp://penjadwal:8786"\n', "plain = true bila jaringan itu tertutup"),
        (f'{STORE}[cluster]\nscheduler = "tls://penjadwal:8786"\n', "kunci cluster.tls_cert: belum diisi"),
        (
            f'{STORE}[cluster]\nscheduler = "tls://p:1"\ntls_ca_file = "x.pem"\n',
            "cluster.tls_ca_file: berkas tidak ada",
        ),
        (f'{STORE}[cluster]\nscheduler = "penjadwal:8786"\n', "bukan alamat penjadwal Dask"),
        (f'{STORE}[cluster]\nscheduler = "tcp://127.0.0.1:99999"\n', "bukan alamat penjadwal Dask"),
        (f'{STORE}[cluster]\nscheduler = "tcp://localhost:1"\nwait_s = 0\n', "harus lebih besar dari 0"),
        (
            f'{STORE}[network]\nproxy = "http://a:b@p:1"\n[cluster]\nscheduler = "tcp://localhost:1"\n',
            "sandi di network.proxy",
        ),
    ],
)
def test_a_cluster_that_cannot_be_trusted_or_used_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"kunci cluster\.") as refused:
        settings(tmp_path, text)
    assert said in str(refused.value)


def test_a_closed_network_and_this_machine_itself_are_accepted_in_plain(tmp_path: Path) -> None:
    assert settings(tmp_path, f'{STORE}[cluster]\nscheduler = "tcp://localhost:8786"\n').cluster.on
    assert settings(tmp_path, f'{STORE}[cluster]\nscheduler = "tcp://10.1.2.3:8786"\nplain = true\n').cluster.plain
    assert not settings(tmp_path, "").cluster.on


def test_without_a_cluster_dask_is_never_loaded() -> None:
    names = "jobs.nightly, jobs.sharding, jobs.scores, jobs.far_eyes, jobs.commands.nightly, jobs.commands.doctor"
    code = f"import sys, {names}; sys.exit(bool({{'dask', 'distributed'}} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way, "CONNECT_S", 1.0)


@pytest.mark.usefixtures("brief")
def test_a_scheduler_out_of_reach_is_said_before_anything_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "accounts.csv").write_text(REGISTER)
    settings(tmp_path, f'{STORE}[cluster]\nscheduler = "tcp://127.0.0.1:9"\n')
    assert run(["-c", str(tmp_path / "pantau.toml"), "nightly"]) == 2
    said = capsys.readouterr().err
    assert "Penjadwal cluster tcp://127.0.0.1:9 tidak dapat dihubungi" in said
    assert "hidupkan dask scheduler, atau kosongkan cluster.scheduler; belum ada yang dikerjakan" in said


def test_a_database_named_by_a_secret_must_be_postgresql_too(tmp_path: Path) -> None:
    (tmp_path / "alamat").write_text("sqlite:///a.db")
    (tmp_path / "alamat").chmod(0o600)
    found = settings(tmp_path, '[store]\nurl_secret = "file:alamat"\n[cluster]\nscheduler = "tcp://127.0.0.1:9"\n')
    with pytest.raises(ClusterError, match="hanya dapat dipakai bersama PostgreSQL"), way.open_cluster(found, ()):
        pass


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[LocalCluster, Certificates]]:
    own = make_certificates(tmp_path / "tls")
    cluster = LocalCluster(tmp_path / "cluster", own)
    try:
        cluster.start_scheduler()
        yield cluster, own
    finally:
        cluster.close()


def secured(folder: Path, address: str, ca_file: Path, pair: Certificates) -> Settings:
    files = f'tls_ca_file = "{ca_file}"\ntls_cert = "{pair.cert_file}"\ntls_key = "{pair.key_file}"\n'
    return settings(folder, f'{STORE}[cluster]\nscheduler = "{address}"\n{files}')


@pytest.mark.usefixtures("brief")
def test_only_a_certificate_of_the_office_s_authority_opens_the_way(
    guarded: tuple[LocalCluster, Certificates], tmp_path: Path
) -> None:
    cluster, own = guarded
    stranger = make_certificates(tmp_path / "asing")
    with (
        pytest.raises(ClusterError, match="penjadwal menjawab, tetapi tidak punya pekerja"),
        way.open_cluster(secured(tmp_path, cluster.address, own.ca_file, own), ()),
    ):
        pass
    with (
        pytest.raises(ClusterError, match="tidak dapat dihubungi"),
        way.open_cluster(secured(tmp_path, cluster.address, own.ca_file, stranger), ()),
    ):
        pass
    own.key_file.chmod(0o644)
    with pytest.raises(SecretError), way.open_cluster(secured(tmp_path, cluster.address, own.ca_file, own), ()):
        pass
