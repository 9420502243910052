"""A backup holds all of an installation, also while a night goes on; what is damaged or hostile is refused untouched."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from jobs import restoring
from jobs.backup_file import Manifest, Member
from pantau.core.model import Decision, Mail
from pantau.store import open_store
from tests.jobs.desk import FIRST_NIGHT, Desk, shared_desk

ROOT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("PANTAU_TEST_POSTGRES", "")


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An office after one night, with secrets, own files and a decision."""
    home = tmp_path_factory.mktemp("kantor")
    with shared_desk(home, accounts=3) as made:
        made.tail = '[collect.x]\nbearer_token = "file:x-token"\n[collect.instagram]\nsession_file = "data/sesi.json"\n'
        made.write()
        made.post("Panen bawang di tiga desa.", "Rapat koordinasi pagi.", "Panen bawang lagi.")
        made.tail = made.tail.replace('[collect.x]\nbearer_token = "file:x-token"\n', "")
        made.write()
        made.night(1)
        made.run("review", "dismiss", made.keys("panen-disebut")[0], "--reason", "panen raya")
    for name in ("reply-secret", "sesi.json"):
        (home / "data" / name).write_text("rahasia-kenari-1")
    (home / "data" / "tiktok").mkdir()
    (home / "data" / "tiktok" / "akun.json").write_text("rahasia-kenari-2")
    return made


@pytest.fixture
def desk(set_up: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    return set_up.again(tmp_path / "kantor", capsys, monkeypatch)


@pytest.fixture
def backup(desk: Desk) -> Path:
    file = desk.folder.parent / "cadangan.zip"
    desk.run("backup", str(file))
    return file


def elsewhere(desk: Desk, name: str = "lain") -> Desk:
    """The same office on a new machine."""
    folder = desk.folder.parent / name
    folder.mkdir()
    return Desk(folder, desk.capture, accounts=3, now=desk.now)


def without_log(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    return {name: found for name, found in rows.items() if name != "audit"}


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_restored_office_shows_and_verifies_everything_as_before(desk: Desk, backup: Path) -> None:
    new = elsewhere(desk)
    assert "Dipulihkan" in new.run("restore", str(backup))
    assert without_log(new.rows()) == without_log(desk.rows())
    for form in ("html", "text", "json", "xlsx"):
        night = desk.run_id(1)
        files = []
        for one in (desk, new):
            one.run("digest", "show", night, "--format", form, "--output", str(one.folder.parent / "x"))
            files.append((one.folder.parent / "x").read_bytes())
        assert files[0] == files[1]
    assert "Semua isi yang masih tersimpan sama" in new.run("digest", "verify", desk.run_id(1))
    said = new.run("audit", "verify")
    assert "tersambung utuh" in said
    assert "TIDAK" not in said
    for name in ("accounts.csv", "pantau.toml", "rules.d/panen-disebut.toml", "data/runs/n-20261120/digest.html"):
        assert (new.folder / name).read_bytes() == (desk.folder / name).read_bytes()
        assert (new.folder / name).stat().st_mode & 0o777 == 0o600
    new.now = desk.now
    assert "Unggahan diperiksa" in new.night(2), "the next night goes on from there"


def test_backup_and_restore_stand_in_the_log(desk: Desk, backup: Path) -> None:
    assert "dicadangkan ke cadangan.zip" in desk.run("audit", "show")
    new = elsewhere(desk)
    new.run("restore", str(backup))
    assert "dipulihkan dari cadangan.zip yang dibuat 2026-11-20" in new.run("audit", "show")


def test_secrets_are_left_out_unless_asked_for_and_the_file_is_its_owners_alone(desk: Desk, backup: Path) -> None:
    def held(file: Path) -> set[str]:
        with zipfile.ZipFile(file) as archive:
            return {name for name in archive.namelist() if b"rahasia-kenari" in archive.read(name)}

    assert backup.stat().st_mode & 0o777 == 0o600
    assert held(backup) == set()
    desk.run("backup", str(backup), "--with-secrets")
    assert held(backup) == {"state/reply-secret", "state/sesi.json", "state/tiktok/akun.json"}
    new = elsewhere(desk)
    new.run("restore", str(backup))
    assert (new.folder / "data" / "reply-secret").stat().st_mode & 0o777 == 0o600


def test_a_backup_made_while_others_write_is_one_moment(desk: Desk) -> None:
    file, stop, written = desk.folder.parent / "sibuk.zip", threading.Event(), []

    def busy() -> None:
        with open_store(f"sqlite:///{desk.folder / 'data' / 'pantau.db'}") as store:
            while not stop.is_set():
                at = FIRST_NIGHT + timedelta(seconds=len(written))
                store.decisions.add(Decision(finding_key="A" * 16, action="confirm", by="staf", at=at))
                written.append(at)
                (desk.folder / "data" / "catatan.json").write_text("x" * (len(written) % 50))

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        for number in range(3):
            seen = len(written)
            desk.run("backup", str(file))
            assert len(written) > seen, "the writer went on meanwhile"
            new = elsewhere(desk, f"lain-{number}")
            new.run("restore", str(file))
            with open_store(f"sqlite:///{new.folder / 'data' / 'pantau.db'}") as store:
                found = store.verify_audit()
                kept = len(store.decisions.of_finding("A" * 16))
            assert (found.broken_at, found.different) == (0, 0), found
            assert seen <= kept <= len(written)
    finally:
        stop.set()
        writer.join()


def members(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return archive.namelist()


def test_a_damaged_file_is_refused_with_the_name_of_what_is_damaged(desk: Desk, backup: Path) -> None:
    new = elsewhere(desk)
    whole = backup.read_bytes()
    with zipfile.ZipFile(backup) as archive:
        infos = {info.filename: info for info in archive.infolist() if info.compress_size > 40}
    for name, info in list(infos.items())[::4]:
        data = bytearray(whole)
        data[info.header_offset + 30 + len(name) + info.compress_size // 2 + 20] ^= 0xFF
        backup.write_bytes(bytes(data))
        said = new.run("restore", str(backup), code=2)
        assert f"rusak: {name} bukan" in said or "rusak: manifest.json" in said, said
    for cut in (10, len(whole) // 2, len(whole) - 30):
        backup.write_bytes(whole[:cut])
        assert "bukan cadangan Pantau yang utuh" in new.run("restore", str(backup), code=2)
    assert list(new.folder.iterdir()) == []


def rewritten(
    file: Path, change: dict[str, bytes], manifest: dict[str, object] | None = None, also: tuple[Member, ...] = ()
) -> None:
    """The file as somebody made it who means harm: other members, other manifest."""
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    told = msgspec.json.decode(held["manifest.json"], type=Manifest)
    told = msgspec.structs.replace(told, members=(*told.members, *also), **(manifest or {}))
    held |= change | {"manifest.json": msgspec.json.encode(told)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)


def hostile(place: str, path: str, data: bytes = b"x") -> Member:
    import hashlib

    return Member(place=place, path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest())  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["../../jahat", "/jahat", "a/../../jahat", "a\\..\\jahat", "C:jahat", ".", "a//b", ""])
def test_a_name_that_leads_out_of_its_folder_is_refused(desk: Desk, backup: Path, path: str) -> None:
    member = hostile("base", path)
    rewritten(backup, {member.name: b"x"}, also=(member,))
    new = elsewhere(desk)
    assert "rusak" in new.run("restore", str(backup), code=2)
    assert list(new.folder.iterdir()) == []


def test_a_member_that_unpacks_to_more_than_it_says_is_stopped_early(desk: Desk, backup: Path) -> None:
    bomb = hostile("base", "bom.csv", b"x" * 10)
    rewritten(backup, {bomb.name: b"\0" * 50_000_000}, also=(bomb,))
    assert "rusak: base/bom.csv" in elsewhere(desk).run("restore", str(backup), code=2)


def test_a_member_that_the_manifest_does_not_name_is_refused(desk: Desk, backup: Path) -> None:
    rewritten(backup, {"base/rules.d/lain.toml": b"x"})
    assert "daftar isinya" in elsewhere(desk).run("restore", str(backup), code=2)


def test_a_backup_that_asks_for_more_room_than_there_is_changes_nothing(desk: Desk, backup: Path) -> None:
    new = elsewhere(desk)
    new.run("restore", str(backup))
    before = tree(new.folder)
    usage = shutil.disk_usage(new.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restoring.shutil, "disk_usage", lambda _path: usage._replace(free=1000))
        assert "yang tersisa 0 MB" in new.run("restore", str(backup), "--replace", code=2)
    assert tree(new.folder) == before


def test_a_link_in_the_folder_leads_nothing_elsewhere(desk: Desk, backup: Path) -> None:
    new, outside = elsewhere(desk), desk.folder.parent / "luar"
    outside.mkdir()
    (new.folder / "rules.d").symlink_to(outside)
    assert "adalah tautan" in new.run("restore", str(backup), code=2)
    assert list(outside.iterdir()) == []


def test_settings_of_the_backup_that_put_data_elsewhere_need_a_word(desk: Desk) -> None:
    outside = desk.folder.parent / "var"
    shutil.move(desk.folder / "data", outside)
    desk.files = f'state_dir = "{outside}"'
    desk.write()
    file = desk.folder.parent / "c.zip"
    desk.run("backup", str(file))
    shutil.move(outside, desk.folder.parent / "dulu")
    new = elsewhere(desk)
    assert f"menaruh data di {outside}" in new.run("restore", str(file), code=2)
    assert not outside.exists()
    new.run("restore", str(file), "--original-paths")
    assert (outside / "pantau.db").is_file()


def test_a_newer_backup_is_refused_in_plain_words(desk: Desk, backup: Path) -> None:
    rewritten(backup, {}, {"schema_revision": "9999"})
    said = elsewhere(desk).run("restore", str(backup), code=2)
    assert "Pantau yang lebih baru (skema 9999" in said
    assert "Perbarui Pantau" in said


def test_a_place_with_data_is_left_alone_unless_told_and_then_the_old_is_kept(desk: Desk, backup: Path) -> None:
    desk.night(2)
    (desk.folder / "accounts.csv").write_text((desk.folder / "accounts.csv").read_text() + "OPD-99,Baru,opd,x,baru\n")
    before, rows = tree(desk.folder), desk.rows()
    said = desk.run("restore", str(backup), code=2)
    assert "Tambahkan --replace" in said
    after = tree(desk.folder)
    assert {name: data for name, data in after.items() if "pantau." not in name} == {
        name: data for name, data in before.items() if "pantau." not in name
    }
    assert desk.rows() == rows
    said = desk.run("restore", str(backup), "--replace")
    aside = Path(said.split("Yang lama ada di ")[1].splitlines()[0])
    assert desk.run_id(2) not in desk.run("status")
    assert b"OPD-99" not in (desk.folder / "accounts.csv").read_bytes()
    assert b"OPD-99" in (aside / "accounts.csv").read_bytes()
    assert (aside / "data" / "runs" / desk.run_id(2) / "digest.html").read_bytes() == before[
        f"data/runs/{desk.run_id(2)}/digest.html"
    ]
    assert (aside / "data" / "reply-secret").read_text() == "rahasia-kenari-1"
    with open_store(f"sqlite:///{aside / 'basis-data' / 'pantau.db'}") as store:
        assert store.runs.get(desk.run_id(2)) is not None


def test_a_settings_file_that_is_there_stays_in_force_and_the_other_is_laid_beside(desk: Desk, backup: Path) -> None:
    new = elsewhere(desk)
    (new.folder / "pantau.toml").write_text(
        '[office]\nname = "Baru"\n[files]\nstate_dir = "kerja"\nrules_dir = "rules.d"\n'
    )
    new.run("restore", str(backup))
    assert (new.folder / "kerja" / "pantau.db").is_file()
    assert (new.folder / "pantau.toml.cadangan").read_bytes() == (desk.folder / "pantau.toml").read_bytes()


def test_nothing_is_restored_while_a_night_runs_but_a_backup_is_made(desk: Desk, backup: Path) -> None:
    from filelock import FileLock

    with FileLock(desk.folder / "data" / "pantau.lock"):
        assert "sedang berjalan" in desk.run("restore", str(backup), "--replace", code=4)
        desk.run("backup", str(backup))


def test_a_restore_killed_while_it_moves_things_holds_nights_back_until_it_is_done(desk: Desk, backup: Path) -> None:
    new = elsewhere(desk)
    program = """
import os, signal, sys
from jobs import restoring
from jobs.__main__ import run
real, left = restoring._move, [4]
def move(source, target):
    real(source, target)
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
restoring._move = move
run(["-c", sys.argv[1], "restore", sys.argv[2]])
"""
    child = subprocess.run(
        [sys.executable, "-c", program, str(new.folder / "pantau.toml"), str(backup)], cwd=ROOT, check=False
    )
    assert child.returncode == -signal.SIGKILL
    new.write()
    assert "Pemulihan di" in new.run("nightly", code=2)
    new.run("restore", str(backup), "--replace")
    assert without_log(new.rows()) == without_log(desk.rows())
    new.now = desk.now
    new.night(2)


def test_a_full_disk_leaves_no_half_file_and_the_older_backup_whole(desk: Desk, backup: Path) -> None:
    older = backup.read_bytes()
    program = """
import resource, sys
from jobs.__main__ import run
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
raise SystemExit(run(["-c", sys.argv[1], "backup", sys.argv[2]]))
"""
    child = subprocess.run(
        [sys.executable, "-c", program, str(desk.folder / "pantau.toml"), str(backup)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 2, child.stderr
    assert "tidak dapat ditulis" in child.stderr
    assert backup.read_bytes() == older
    assert sorted(path.name for path in backup.parent.iterdir()) == ["cadangan.zip", "kantor"]


def test_a_backup_never_overwrites_another_file_nor_lies_in_what_it_keeps(desk: Desk) -> None:
    other = desk.folder / "accounts.csv"
    before = other.read_bytes()
    assert "bukan cadangan Pantau" in desk.run("backup", str(other), code=2)
    assert other.read_bytes() == before
    assert "folder kerja" in desk.run("backup", str(desk.folder / "data" / "c.zip"), code=2)


def test_a_mail_that_was_waiting_is_not_sent_again_on_its_own(desk: Desk) -> None:
    url = f"sqlite:///{desk.folder / 'data' / 'pantau.db'}"
    mail = Mail(
        message_id="<m@kab.example>",
        run_id=desk.run_id(1),
        edition="staff",
        recipient="staf@kab.example",
        wire=b"x",
        created_at=FIRST_NIGHT,
    )
    with open_store(url) as store:
        store.outbox.put([mail])
    file = desk.folder.parent / "c.zip"
    desk.run("backup", str(file))
    new = elsewhere(desk)
    new.run("restore", str(file))
    with open_store(f"sqlite:///{new.folder / 'data' / 'pantau.db'}") as store:
        [kept] = store.outbox.of_run(desk.run_id(1))
    assert (kept.state, kept.wire) == ("unknown", b"x")
    assert "mungkin sudah terkirim" in kept.detail


@pytest.fixture
def postgres() -> Iterator[str]:
    if not POSTGRES:
        pytest.skip("PANTAU_TEST_POSTGRES is not set: no PostgreSQL server to test with")
    import psycopg

    server, name = POSTGRES.replace("postgresql+psycopg://", "postgresql://"), f"pantau_backup_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            yield f"{server.rpartition('/')[0]}/{name}"
        finally:
            admin.execute(f"drop database {name} with (force)")


def test_a_backup_of_sqlite_goes_into_postgresql_and_back(desk: Desk, backup: Path, postgres: str) -> None:
    there = elsewhere(desk)
    there.tail = f'[store]\nurl = "{postgres}"\n'
    there.write()
    (there.folder / "rules.d" / "panen-disebut.toml").unlink()
    there.run("restore", str(backup))
    assert "Semua isi" in there.run("digest", "verify", desk.run_id(1))
    there.run("review", "undo", there.keys("panen-disebut")[0])
    file = desk.folder.parent / "pg.zip"
    there.run("backup", str(file))
    back = elsewhere(desk, "kembali")
    back.write()
    shutil.rmtree(back.folder / "rules.d")
    back.run("restore", str(file))
    assert "tersambung utuh" in back.run("audit", "verify")
    mine, theirs = desk.rows(), back.rows()
    for name in mine.keys() - {"audit", "decisions"}:
        assert theirs[name] == mine[name], name
    said = there.run("restore", str(backup), "--replace")
    assert "skema PostgreSQL sebelum_pemulihan_" in said
    assert "tersambung utuh" in there.run("audit", "verify")


def test_neither_backup_nor_restore_holds_the_documents_in_memory(tmp_path: Path) -> None:
    home = tmp_path / "besar"
    home.mkdir()
    (home / "pantau.toml").write_text('[office]\nname = "Kabupaten Contoh"\n')
    (home / "accounts.csv").write_text("unit_code,unit_name,unit_kind,platform,handle\n")
    with open_store(f"sqlite:///{home / 'data' / 'pantau.db'}") as store:
        from pantau.core.model import Window

        store.runs.begin("nightly", "n-1", Window(FIRST_NIGHT, FIRST_NIGHT), FIRST_NIGHT, FIRST_NIGHT)
        for number in range(40):
            store.documents.put("n-1", f"unit:{number}", "pdf", os.urandom(1_000_000))
    for arguments in (["besar", "backup", "b.zip"], ["baru", "restore", "b.zip"]):
        program = """
import resource, sys
from jobs.__main__ import run
import jobs.backing_up, jobs.restoring, sqlalchemy
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert run(["-c", f"{sys.argv[1]}/pantau.toml", *sys.argv[2:]]) == 0
used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
assert used < 35, used
"""
        (tmp_path / arguments[0]).mkdir(exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
