"""What a command does not need it does not load: a library of half a second would be paid at every start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEVER = {
    "PIL",
    "alembic",
    "anyio",
    "asyncio",
    "babel",
    "css_inline",
    "dateparser",
    "distributed",
    "docx",
    "feedparser",
    "holidays",
    "httpx",
    "imap_tools",
    "instaloader",
    "jinja2",
    "nh3",
    "onnxruntime",
    "openpyxl",
    "psycopg",
    "requests",
    "rich",
    "schedule",
    "sqlalchemy",
    "structlog",
    "tweepy",
    "weasyprint",
    "xlsxwriter",
    "yagmail",
}
CHECKS = {"ahocorasick_rs", "msgspec", "numpy"}
POSTS = '{"id": "1", "text": "Dasar goblok kowe!"}\n{"id": "2", "text": "Posyandu Selasa pukul delapan."}\n'


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The top packages in memory after a command line, in a process of its own."""
    program = (
        "import json, sys\nfrom jobs.__main__ import run\nassert run(sys.argv[1:]) == 0\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder)}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)])
def test_help_loads_no_library_but_the_one_for_command_lines(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    found = loaded(tmp_path, *arguments)
    assert "click" in found
    assert not found & (NEVER | CHECKS - {"msgspec"})


def test_checking_a_file_loads_what_matches_words_and_nothing_else(tmp_path: Path) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text(POSTS)
    found = loaded(tmp_path, "rules", "check", str(posts))
    assert found > CHECKS
    assert not found & NEVER
