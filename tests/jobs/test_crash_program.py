"""``make crash`` in short: a few moments of a fixed seed, and network faults over all sources for a few nights."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.crash.moments import Reference, differences, measure, try_moment
from tests.crash.nights import simulate
from tests.crash.office import Plan, moment

NEEDS_STRACE = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return measure(
        tmp_path_factory.mktemp("undisturbed") / "night", datetime.now(UTC).replace(microsecond=0), papers=False
    )


@NEEDS_STRACE
@pytest.mark.parametrize(
    ("kind", "share", "more"),
    [
        ("kill", 0.02, {}),
        ("full", 0.05, {}),
        ("clock", 0.6, {"skew_s": -7200}),
    ],
)
def test_after_a_disturbed_night_a_normal_one_leaves_what_an_undisturbed_one_leaves(
    kind: str, share: float, more: dict[str, Any], reference: Reference, tmp_path: Path
) -> None:
    plan = Plan(kind, moment(kind, share, reference.calls), **more)
    verdict = try_moment(tmp_path, plan, reference, "")
    assert verdict.hit, "the disturbance did not take place"
    assert not verdict.problems, verdict.problems


@NEEDS_STRACE
def test_the_comparison_notices_a_lost_post_a_doubled_mail_and_a_changed_finding(reference: Reference) -> None:
    wanted = reference.outcome
    assert not differences(wanted, wanted)
    lost = {**wanted, "posts": wanted["posts"][1:]}
    doubled = {**wanted, "copies": dict.fromkeys(wanted["copies"], 2)}
    changed = {**wanted, "findings": [(key, "lain") for key, _ in wanted["findings"]]}
    for other, name in ((lost, "posts"), (doubled, "copies"), (changed, "findings")):
        (line,) = differences(wanted, other)
        assert line.startswith(name)


def test_network_faults_in_random_order_lose_double_and_slander_nothing(tmp_path: Path) -> None:
    result = simulate(tmp_path, nights=3, seed=20261124)
    assert result.faults.total() > 10
    assert result.outcomes["unread"] > 0
    assert result.posts > 50
