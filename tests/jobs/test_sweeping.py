"""All posts of a range are checked slice by slice, by one process or several, and it changes nothing that is found."""

import os
import signal
import threading
from datetime import timedelta

import msgspec
import pytest

from jobs import manifesting, sweeping, workers
from jobs.checking import check_posts
from jobs.progress import Silent
from jobs.sweeping import Swept, read_range, sweep
from pantau.core.errors import StoreError, WorkerLostError
from pantau.core.model import Account, Post, Window, sort_findings
from pantau.core.settings import ChecksSettings
from pantau.store.stretches import Stretch
from tests.jobs.office import NIGHT
from tests.jobs.test_pictures import Bench, bench

__all__ = ["bench"]
EVER = Window(NIGHT - timedelta(days=9), NIGHT)
TEXTS = ("Rapat desa.", "Dasar goblok kowe!", "Jam Rolex baru, pamer dulu.", "slot gacor hari ini", "Sugeng enjing.")


def keys(accounts: list[Account]) -> list[str]:
    return [account.key for account in accounts]


def fill(bench: Bench) -> list[Post]:
    handles = ("contoh_dinas", "contoh_penting")
    plain = [bench.post(n, text=TEXTS[n % 5], handle=handles[n % 2]) for n in range(15)]
    return [*plain, bench.post(16, "poster.png", "boast.png"), bench.post(17, "broken.png"), bench.post(18, "gone.png")]


def swept_by(bench: Bench, processes: int, accounts: list[Account] | None = None) -> Swept:
    job = bench.site.job
    settings = msgspec.structs.replace(job.settings, checks=ChecksSettings(workers=processes))
    site = msgspec.structs.replace(bench.site, job=msgspec.structs.replace(job, settings=settings))
    return sweep(site, bench.store, EVER, bench.accounts, keys(accounts or bench.accounts))


def test_neither_the_size_of_slices_nor_the_number_of_processes_changes_a_byte(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = fill(bench)
    notes = read_range(bench.site, bench.store, EVER, bench.accounts, keys(bench.accounts), Silent())
    read = bench.read(*bench.store.posts.get([item.key for item in posts]).values())
    plain = check_posts(bench.site.job, read.posts, bench.accounts, None, read.pictures)
    assert {finding.rule_id for finding in plain.findings} > {"luxury-brand-shown"}
    assert any(finding.post == "instagram:P16" for finding in plain.findings), "what stands only on a picture is found"
    wanted = msgspec.json.encode(sort_findings(plain.findings))
    for size, processes in ((1, 1), (1, 3), (4, 2), (1000, 1), (1000, 2)):
        monkeypatch.setattr(sweeping, "SLICE_POSTS", size)
        swept = swept_by(bench, processes)
        assert msgspec.json.encode(swept.findings) == wanted, (size, processes)
        assert swept.count == 18
    assert notes == read.notes
    assert len(notes) == 2, "one picture is broken, one is not there"


def test_only_posts_of_the_accounts_asked_for_are_checked(bench: Bench) -> None:
    fill(bench)
    one = [account for account in bench.accounts if account.unit == "OPD-2"]
    swept = swept_by(bench, 1, one)
    assert swept.count == 7
    assert {finding.unit for finding in swept.findings} == {"OPD-2"}


def test_a_large_range_is_shared_by_itself_and_a_small_one_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bench)
    shared: list[int] = []

    def noted(begin: object, tasks: object, workers: int) -> list[bytes]:
        shared.append(workers)
        return []

    monkeypatch.setattr(sweeping, "side_by_side", noted)
    monkeypatch.setattr(workers, "cores", lambda: 64)
    monkeypatch.setattr(sweeping, "SLICE_POSTS", 1)
    assert swept_by(bench, 0).count == 18, "beside the threads of the picture server nothing is forked unasked"
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    swept_by(bench, 0)
    monkeypatch.setattr(sweeping, "SLICE_POSTS", 2)
    assert swept_by(bench, 0).count == 18
    swept_by(bench, 4)
    swept_by(bench, 1)
    assert shared == [workers.MOST_WORKERS, 4]


def test_a_process_that_is_killed_ends_the_work_with_what_to_do_about_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bench)
    monkeypatch.setattr(sweeping, "SLICE_POSTS", 2)
    parent, check = os.getpid(), sweeping._Checks.check

    def dying(self: "sweeping._Checks", stretch: Stretch) -> sweeping.Part:
        if os.getpid() != parent and any(row.key == "instagram:P9" for row in self._posts.texts(stretch)):
            os.kill(os.getpid(), signal.SIGKILL)
        return check(self, stretch)

    monkeypatch.setattr(sweeping._Checks, "check", dying)
    with pytest.raises(WorkerLostError, match="workers = 1"):
        swept_by(bench, 2)
    assert swept_by(bench, 1).count == 18


def test_what_goes_wrong_in_a_process_is_said_as_if_there_were_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bench)
    monkeypatch.setattr(sweeping, "SLICE_POSTS", 2)

    def failing(self: "sweeping._Checks", stretch: Stretch) -> sweeping.Part:
        raise StoreError("Basis data hilang.")

    monkeypatch.setattr(sweeping._Checks, "check", failing)
    with pytest.raises(StoreError, match="Basis data hilang"):
        swept_by(bench, 2)


def test_a_manifest_made_by_several_processes_is_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(bench)
    run = bench.store.runs.begin("rerun", "r-1", EVER, NIGHT, NIGHT)
    monkeypatch.setattr(manifesting, "SPAN_POSTS", 4)
    kept = []
    for processes in (1, 2):
        settings = msgspec.structs.replace(bench.site.job.settings, checks=ChecksSettings(workers=processes))
        job = msgspec.structs.replace(bench.site.job, settings=settings)
        kept.append(
            (manifesting.keep_manifest(job, bench.store, run, bench.run, 18), bench.store.manifests.sha256("r-1"))
        )
    assert kept[0] == kept[1]
    assert b"".join(bench.store.manifests.data("r-1")).count(b'"post"') == 18


def test_reading_pictures_ends_for_the_whole_range_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("poster.png", "boast.png", "boast.jpg")
    for n in range(6):
        bench.post(n, names[n % 3])
    read, minutes = bench.reader.read, bench.site.job.settings.pictures.minutes

    def slowly(image: object) -> object:
        bench.clock.sleep(60 * minutes)
        return read(image)

    monkeypatch.setattr(bench.reader, "read", slowly)
    monkeypatch.setattr(sweeping, "PICTURE_SLICE_POSTS", 2)
    notes = read_range(bench.site, bench.store, EVER, bench.accounts, keys(bench.accounts), Silent())
    assert "5 gambar tidak dibaca" in " ".join(notes)
