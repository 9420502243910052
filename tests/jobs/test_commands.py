"""The other commands as a newcomer meets them; inside this process, since nothing here needs a service."""

import hashlib
import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from jobs.__main__ import COMMANDS, run
from pantau.core.settings_file import load_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    assert run(["demo", "--out", str(out)]) == 0
    return out


def on_demo(demo: Path, *arguments: str) -> list[str]:
    return ["-c", str(demo / "kantor" / "pantau.toml"), *arguments]


def test_the_demo_leaves_a_digest_a_text_and_one_mail_per_reader(demo: Path) -> None:
    assert "<html" in (demo / "digest.html").read_text("utf-8")
    assert len(list((demo / "surel").glob("n-20260826-*.eml"))) == 3
    text = (demo / "digest.txt").read_text("utf-8")
    for words in (
        "Pamer kemewahan",
        "Bahasa",
        "Kurang empati",
        "Netralitas",
        "Data pribadi",
        "Spam",
        "Tidak aktif".upper(),
    ):
        assert words.lower() in text.lower(), words
    assert "3349014507680003" not in text + (demo / "digest.html").read_text("utf-8")


def test_the_demo_lays_its_newest_week_beside_the_digest_and_mails_it_once(demo: Path) -> None:
    text = " ".join((demo / "mingguan.txt").read_text("utf-8").split())
    assert "Senin, 17 Agustus 2026 s.d. Minggu, 23 Agustus 2026" in text
    assert "7 dari 7 malam diperiksa" in text
    assert "contoh dengan data rekaan" in text
    assert "<html" in (demo / "mingguan.html").read_text("utf-8")
    assert (demo / "mingguan.xlsx").read_bytes().startswith(b"PK")
    weeks = sorted(path.name.split("-sekda")[0] for path in (demo / "surel").glob("*-week_*.eml"))
    assert weeks == ["n-20260817-week_2026-W33", "n-20260824-week_2026-W34"]


def test_the_demo_reads_words_off_real_pictures_and_knows_one_that_was_posted_before(demo: Path) -> None:
    pytest.importorskip("rapidocr", reason="the extra ocr is not installed")
    text = " ".join((demo / "digest.txt").read_text("utf-8").split())
    assert ">>TAS HERMES<< ASLI" in text
    assert "Teks pada gambar 1, baris 1, keyakinan" in text
    assert "Gambar 1 sama dengan gambar pada unggahan @contoh_bag_umum (Instagram) pada 24 Agu 2026" in text
    assert "posyandu" not in text.lower().partition("untuk dilihat")[0]


def test_the_trend_ends_with_the_numbers_of_tonight(demo: Path) -> None:
    lines = (demo / "digest.txt").read_text("utf-8").splitlines()
    tonight = next(line.split() for line in lines if line.startswith("26 Agu  "))
    tiles = dict(
        line[2:].split(" (")[0].split(": ") for line in lines if line.startswith("- ") and "(" in line and ": " in line
    )
    assert tonight[3:] == [tiles["Perlu ditindak"], tiles["Tidak aktif"], tiles["Tidak dapat diperiksa"]]


def test_the_demo_twice_gives_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    assert run(["demo", "--out", str(tmp_path)]) == 0
    for name in ("digest.html", "digest.txt", "koreksi.txt", "ringkasan-wa.txt"):
        assert (tmp_path / name).read_bytes() == (demo / name).read_bytes()


def test_the_demo_shows_every_state_of_an_account(demo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(on_demo(demo, "accounts", "status"))
    states = {line.split()[0] for line in capfd.readouterr().out.splitlines()[1:]}
    assert states == {"active", "quiet", "never_posted", "unregistered", "gone", "private", "unread", "excused"}


def test_every_command_works_on_the_demo(demo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["status"], ["accounts", "check"], ["review", "list"], ["digest", "show"], ["doctor"], ["purge"]):
        assert run(on_demo(demo, *words)) == 0, (words, capfd.readouterr())
        assert capfd.readouterr().out


def test_a_past_digest_comes_back_byte_for_byte(demo: Path, tmp_path: Path) -> None:
    copy = tmp_path / "again.html"
    assert run(on_demo(demo, "digest", "show", "n-20260826", "--format", "html", "--output", str(copy))) == 0
    assert copy.read_bytes() == (demo / "digest.html").read_bytes()


def test_rules_check_answers_line_by_line_without_settings(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    posts = tmp_path / "posts.jsonl"
    rows = [{"id": "a", "text": "Dasar goblok kalian semua!"}, {"id": "b", "text": "Posyandu Selasa pukul delapan."}]
    posts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert run(["-c", str(tmp_path / "tidak-ada.toml"), "rules", "check", str(posts)]) == 0
    out = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [item["id"] for item in out] == ["a", "b"]
    assert out[0]["findings"][0]["family"] == "BHS"
    evidence = out[0]["findings"][0]["evidence"][0]
    assert rows[0]["text"][evidence["start"] : evidence["end"]] == evidence["quote"]
    assert out[1]["findings"] == []


def test_a_broken_line_in_a_posts_file_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    posts = tmp_path / "posts.jsonl"
    posts.write_text('{"id": "a", "text": "x"}\n{"id": \n')
    assert run(["rules", "check", str(posts)]) == 2
    assert "2" in capfd.readouterr().err


def test_missing_settings_say_what_to_do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["-c", str(tmp_path / "pantau.toml"), "nightly"]) == 2
    assert "pantau.example.toml" in capfd.readouterr().err


def test_the_example_settings_name_every_key_and_are_valid(tmp_path: Path) -> None:
    text = (ROOT / "pantau.example.toml").read_text("utf-8")
    (tmp_path / "pantau.toml").write_text(text, "utf-8")
    settings = load_settings(tmp_path / "pantau.toml")
    table = tomllib.loads(text)
    for name in type(settings).__struct_fields__:
        if name in ("base_dir", "code"):  # not of the file, or of [[office]] alone
            continue
        section = getattr(settings, name)
        for key in type(section).__struct_fields__:
            assert key in table.get(name, {}) or key == "reader", f"{name}.{key} is not in pantau.example.toml"


def test_the_example_register_passes_its_own_check(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pantau.toml").write_text((ROOT / "pantau.example.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "accounts.csv").write_bytes((ROOT / "accounts.example.csv").read_bytes())
    assert run(["-c", str(tmp_path / "pantau.toml"), "accounts", "check"]) == 0, capfd.readouterr().err


def test_every_command_that_readme_and_crontab_name_exists() -> None:
    import re

    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "crontab.example").read_text("utf-8")
    named = set(re.findall(r"(?:^|[\s`/])pantau ([a-z]+)\b", text))
    assert named - {"is"} <= set(COMMANDS), named - set(COMMANDS)


def test_help_starts_quickly_and_imports_no_heavy_library() -> None:
    heavy = "('sqlalchemy', 'tweepy', 'numpy', 'instaloader', 'jinja2')"
    code = (
        f"import sys; from jobs.__main__ import run; run(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )
    start = time.monotonic()
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert shown.splitlines()[-1] == "[]"
    assert time.monotonic() - start < 10


def test_imported_posts_come_into_the_next_digest(
    demo: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    row = {
        "platform": "x",
        "post_id": "1",
        "account": "x:@contoh_dinkes",
        "published_at": "2026-08-25T08:00:00+07:00",
        "text": "Vaksinasi gratis di lapangan.",
    }
    file = tmp_path / "posts.jsonl"
    file.write_text(json.dumps(row) + "\n")
    assert run(on_demo(demo, "import", str(file))) == 0
    assert "1 unggahan baru" in capfd.readouterr().out
    assert run(on_demo(demo, "import", str(file))) == 0
    assert "0 unggahan baru" in capfd.readouterr().out


def test_the_daemon_runs_the_night_that_is_due(tmp_path: Path, demo: Path) -> None:
    assert run(on_demo(demo, "daemon", "--once", "--at", "21:00")) in (0, 1)


def test_a_digest_is_verified_against_the_store_and_against_a_mailed_copy(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(on_demo(demo, "digest", "verify", "n-20260826")) == 0
    said = capsys.readouterr().out
    assert "Sama dengan sidik pada ringkasan yang tersimpan." in said
    fingerprint = next(line for line in said.splitlines() if line.startswith("Sidik data: ")).split()[-1]
    assert fingerprint in (demo / "digest.txt").read_text("utf-8")
    assert fingerprint in (demo / "digest.html").read_text("utf-8")
    assert all(
        fingerprint in mail.read_text("ascii").replace("=\n", "") for mail in (demo / "surel").glob("n-20260826-*.eml")
    )
    manifest = next((demo / "kantor").rglob("runs/n-20260826/manifest.jsonl"))
    assert hashlib.sha256(manifest.read_bytes()).hexdigest() == fingerprint
    assert run(on_demo(demo, "digest", "verify", "n-20260826", "--fingerprint", fingerprint[:20])) == 0
    assert run(on_demo(demo, "digest", "verify", "n-20260826", "--fingerprint", "0" * 64)) == 1
    assert "BERBEDA dari sidik pada salinan Anda" in capsys.readouterr().out
    assert run(on_demo(demo, "digest", "verify", "n-19990101")) == 2


def test_the_demo_says_of_a_post_that_it_is_no_longer_to_be_seen_and_since_when(demo: Path) -> None:
    text = " ".join((demo / "digest.txt").read_text("utf-8").split())
    assert "tidak tampak lagi sejak 25 Agu 2026 pukul 21.00 WIB, terakhir tampak 24 Agu 2026 pukul 21.00 WIB" in text
