"""The demo on PostgreSQL: the same digest, byte for byte, as on SQLite."""

import os
import shutil
from pathlib import Path

import pytest

from jobs.demo import run_demo
from jobs.progress import Silent
from pantau.core.resources import data_dir

URL = os.environ.get("PANTAU_TEST_POSTGRES", "")


@pytest.mark.skipif(not URL, reason="PANTAU_TEST_POSTGRES is not set")
def test_the_digest_is_the_same_on_either_database(tmp_path: Path) -> None:
    import psycopg

    server = URL.replace("postgresql+psycopg://", "postgresql://")
    name = f"pantau_test_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            for kind, url in (("sqlite", ""), ("postgres", f"{server.rpartition('/')[0]}/{name}")):
                home = tmp_path / kind / "kantor"
                shutil.copytree(data_dir("demo"), home)
                settings = home / "pantau.toml"
                settings.write_text(settings.read_text("utf-8") + f'\n[store]\nurl = "{url}"\n', "utf-8")
                run_demo(home, tmp_path / kind, Silent())
            for file in ("digest.html", "digest.txt", "koreksi.txt"):
                assert (tmp_path / "sqlite" / file).read_bytes() == (tmp_path / "postgres" / file).read_bytes()
        finally:
            admin.execute(f"drop database {name} with (force)")
