"""The pages on security and on personal data name tests that are there."""

from tests.named_tests import ROOT, missing_tests, named_tests

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| claim", "| kind"))]


def test_every_claim_names_a_test() -> None:
    assert len(ROWS) > 40
    assert not [row for row in ROWS if not named_tests(row)]


def test_every_named_test_is_there() -> None:
    assert not missing_tests(PAGE)
    assert not missing_tests((ROOT / "docs" / "pdp.md").read_text("utf-8"))


def test_a_test_that_is_gone_is_noticed() -> None:
    assert missing_tests("`tests/test_security_doc.py::test_that_never_was`")
    assert missing_tests("`tests/no_such_file.py::test_that_never_was`")
