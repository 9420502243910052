"""All posts of a range are checked slice by slice, with the findings that checking them at once gives."""

from datetime import timedelta

import pytest

from jobs import sweeping
from jobs.checking import check_posts
from jobs.progress import Silent
from jobs.sweeping import sweep
from pantau.core.model import Account, Post, Window, sort_findings
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


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_the_size_of_slices_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    posts = fill(bench)
    monkeypatch.setattr(sweeping, "SLICE_POSTS", size)
    swept = sweep(bench.site, bench.store, EVER, bench.accounts, keys(bench.accounts), Silent())
    read = bench.read(*bench.store.posts.get([item.key for item in posts]).values())
    plain = check_posts(bench.site.job, read.posts, bench.accounts, None, read.pictures)
    assert sort_findings(swept.report.findings) == sort_findings(plain.findings)
    assert {finding.rule_id for finding in plain.findings} > {"luxury-brand-shown"}
    assert any(finding.post == "instagram:P16" for finding in plain.findings), "what stands only on a picture is found"
    assert swept.count == 18
    assert swept.notes == read.notes
    assert len(swept.notes) == 2, "one picture is broken, one is not there"


def test_only_posts_with_findings_or_asked_for_stay_in_memory(bench: Bench) -> None:
    fill(bench)
    swept = sweep(
        bench.site, bench.store, EVER, bench.accounts, keys(bench.accounts), Silent(), wanted={"instagram:P0"}
    )
    about = {finding.post for finding in (*swept.report.findings, *swept.report.trial)}
    about |= {item.post for item in swept.report.cancelled}
    assert set(swept.posts) == about | {"instagram:P0"}
    assert len(swept.posts) < 18


def test_only_posts_of_the_accounts_asked_for_are_checked(bench: Bench) -> None:
    fill(bench)
    one = next(account for account in bench.accounts if account.unit == "OPD-2")
    swept = sweep(bench.site, bench.store, EVER, bench.accounts, [one.key], Silent())
    assert swept.count == 7
    assert {finding.unit for finding in swept.report.findings} == {"OPD-2"}


def test_reading_pictures_ends_for_the_whole_range_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("poster.png", "boast.png", "boast.jpg")
    for n in range(6):
        bench.post(n, names[n % 3])
    read, minutes = bench.reader.read, bench.site.job.settings.pictures.minutes

    def slowly(image: object) -> object:
        bench.clock.sleep(60 * minutes)
        return read(image)

    monkeypatch.setattr(bench.reader, "read", slowly)
    monkeypatch.setattr(sweeping, "SLICE_POSTS", 2)
    swept = sweep(bench.site, bench.store, EVER, bench.accounts, keys(bench.accounts), Silent())
    assert "5 gambar tidak dibaca" in " ".join(swept.notes)
