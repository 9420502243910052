"""Decisions hold as long as the text is the same: dismissed stays dismissed, an edited post is judged anew."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.jobs.office import NIGHT, Office, open_office

DAY = f"{NIGHT:%Y-%m-%d}"


@pytest.fixture
def office(tmp_path: Path):
    with open_office(tmp_path, apart=False) as opened:
        assert opened.night().returncode == 0
        yield opened


def key_of(office: Office, rule: str, *more: str) -> str:
    lines = office.run("review", "list", *more).stdout.splitlines()
    return next((line.split()[0] for line in lines if f"  {rule}  " in line), "")


def dismiss(office: Office, rule: str) -> str:
    key = key_of(office, rule)
    assert office.run("review", "dismiss", key, "--reason", "kutipan pengaduan warga").returncode == 0
    return key


def next_night(office: Office) -> str:
    at = NIGHT + timedelta(days=1)
    office.x.now = lambda: NIGHT + timedelta(days=2)
    assert office.night(at).returncode in (0, 1)
    return office.run("digest", "show").stdout


def test_a_dismissed_finding_stays_dismissed_the_next_night_and_in_a_rerun_that_reads_everything_again(
    office: Office,
) -> None:
    key = dismiss(office, "luxury-brand-shown")
    assert key
    text = next_night(office)
    assert "Rolex baru" not in text
    again = office.run("rerun", "--from", DAY, "--to", DAY, "--refetch")
    assert again.returncode == 0, again.stderr
    assert key not in again.stdout
    assert office.run("review", "show", key).stdout.count(" dismiss oleh ") == 1


def test_an_edited_post_is_judged_anew_although_its_first_text_was_dismissed(office: Office) -> None:
    key = dismiss(office, "luxury-brand-shown")
    post = office.instagram.accounts[0].posts[0]
    post.caption = f"{post.caption} Sekalian pamer Rolex kedua."
    office.x.now = lambda: NIGHT + timedelta(days=2)
    again = office.run("rerun", "--from", DAY, "--to", DAY, "--refetch")
    assert again.returncode == 0, again.stderr
    new = key_of(office, "luxury-brand-shown", "--run", newest_rerun(office))
    assert new
    assert new != key
    assert new in again.stdout
    assert new in next_night(office)


def newest_rerun(office: Office) -> str:
    return next(word for word in office.run("status").stdout.split() if word.startswith("r-"))
