"""The review of the locks finds what it looks for, and finds nothing in ours."""

from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import lock_review
from tests.lock_review import Pin

HASH = "    --hash=sha256:" + "0" * 64
PAGE = """Reviewed: 2026-11.
| click | 8.5.1 | MIT | 2026-11 | command line |
| brotli | `>=1.0.3,<1.2.1` | CVE-2026-111497: a crafted stream |
"""


def pin(name: str = "click", version: str = "8.5.1") -> Pin:
    return Pin(name, version, "", 1, ())


def stated(folder: Path, *lines: str) -> PathDistribution:
    """An installed package with that metadata."""
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", "Name: click", "Version: 8.5.1", *lines, ""]))
    return PathDistribution(folder)


def test_our_locks_and_the_page_agree_and_hold_nothing_that_is_barred() -> None:
    assert lock_review.review() == []


@pytest.mark.parametrize(
    "lines",
    [
        "click==8.5.1",
        f"click==8.5.1 \\\n{HASH}\nclick==8.5.1 \\\n{HASH}",
        f"click @ https://example.org/click.whl \\\n{HASH}",
        f"git+https://example.org/click.git#egg=click \\\n{HASH}",
        f"--extra-index-url https://example.org\nclick==8.5.1 \\\n{HASH}",
        f"-e .\nclick==8.5.1 \\\n{HASH}",
        f"click>=8.5 \\\n{HASH}",
        "",
    ],
)
def test_a_lock_that_is_not_pinned_hashed_and_from_the_registry_is_refused(lines: str) -> None:
    assert list(lock_review.lock_faults("a.lock", lines))


def test_a_lock_with_hashes_markers_and_reasons_is_taken() -> None:
    text = f"click==8.5.1 ; os_name == 'nt' \\\n{HASH}\n    # via\n    #   pantau (pyproject.toml)\n    #   uvicorn"
    assert not list(lock_review.lock_faults("a.lock", text))
    assert lock_review.pins(text)[0] == [
        Pin("click", "8.5.1", "os_name == 'nt'", 1, ("pantau (pyproject.toml)", "uvicorn"))
    ]


def test_bounds_of_the_project_and_of_the_other_locks_are_compared() -> None:
    wanted = [Requirement("click>=9"), Requirement("rich>=1")]
    assert len(list(lock_review.bound_faults("a.lock", [pin()], wanted))) == 2
    assert not list(lock_review.bound_faults("a.lock", [pin()], [Requirement("click>=8.5")]))
    assert list(lock_review.agreement_faults({"a": [pin()], "b": [pin(version="8.5.0")]}))


def test_a_version_that_an_advisory_names_is_refused() -> None:
    assert list(lock_review.advisory_faults([pin("brotli", "1.2.0")], PAGE))
    assert not list(lock_review.advisory_faults([pin("brotli", "1.2.1"), pin()], PAGE))


@pytest.mark.parametrize(
    ("page", "what"),
    [
        (PAGE.replace("8.5.1", "8.5.0"), "not looked at"),
        (PAGE.replace("MIT", "BSD-3-Clause"), "the page says"),
        (PAGE.replace("2026-11 |", "? |"), "last released"),
        (PAGE.replace("2026-11 |", "2023-10 |"), "no release since"),
        (PAGE.replace("command line", "?"), "why it is needed"),
        (PAGE.replace("Reviewed", "Seen"), "no line"),
        (PAGE + "| gone | 1 | MIT | 2026-11 | x |\n", "in no lock"),
    ],
)
def test_a_page_that_does_not_say_what_is_locked_is_refused(tmp_path: Path, page: str, what: str) -> None:
    installed = {"click": stated(tmp_path, "License-Expression: MIT")}
    assert not list(lock_review.page_faults([pin()], PAGE, installed))
    assert what in " ".join(lock_review.page_faults([pin()], page, installed))


@pytest.mark.parametrize(
    ("lines", "licence", "allowed"),
    [
        (["License-Expression: Apache-2.0 OR BSD-3-Clause"], "Apache-2.0 OR BSD-3-Clause", True),
        (["License: MIT License"], "MIT", True),
        (["License: Dual License", "Classifier: License :: OSI Approved :: BSD License"], "BSD", True),
        (["License-Expression: MIT AND AGPL-3.0-only"], "MIT AND AGPL-3.0-only", False),
        (["License-Expression: GPL-3.0-only"], "GPL-3.0-only", False),
        (["License-Expression: GPL-2.0-or-later OR MPL-1.1"], "GPL-2.0-or-later OR MPL-1.1", True),
        ([], "", False),
    ],
)
def test_licences_are_read_from_the_metadata_and_judged(
    tmp_path: Path, lines: list[str], licence: str, allowed: bool
) -> None:
    assert lock_review.licence_of(stated(tmp_path, *lines)) == licence
    assert lock_review.is_allowed(licence) is allowed
