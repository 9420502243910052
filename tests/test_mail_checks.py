"""The page on mail checks names tests that are there, for every quality."""

from tests.named_tests import ROOT, missing_tests, named_tests

PAGE = (ROOT / "docs" / "mail-checks.md").read_text("utf-8")
ROWS = [row.split("|")[1:-1] for row in PAGE.splitlines() if row.startswith("| ")][1:]
MEASURED_ELSEWHERE = {"speed"}


def test_every_quality_of_a_mail_has_a_goal_and_a_test() -> None:
    assert len(ROWS) == 17
    for quality, goal, tests, measured in ROWS:
        assert goal.strip()
        assert measured.strip()
        assert "::test_" in tests or quality.strip() in MEASURED_ELSEWHERE


def test_every_named_test_is_there() -> None:
    assert len(named_tests(PAGE)) > 30
    assert not missing_tests(PAGE)
