"""The sample mails as files, and the tools that look at them. A missing tool is a failure that says what to install."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from pantau.core.settings import DigestSettings
from pantau.digest.build import build
from pantau.digest.render import Rendered, Renderer
from tests.digest import golden, test_budget, test_render

HERE = Path(__file__).resolve().parent
NAMES = (*sorted(golden.NIGHTS), "full", "hostile")


@cache
def page(name: str) -> Rendered:
    """One sample: a golden night, a mail of 25 findings, or a night of unfriendly text."""
    if name in golden.NIGHTS:
        return golden.rendered(name)
    night = (
        test_budget.large(0, 25)
        if name == "full"
        else test_render.hostile("".join(test_render.HOSTILE[:3]) + "W" * 300)
    )
    return Renderer().render(build(night), DigestSettings())


def command(name: str) -> str:
    """Where a program lies; fails with what to do when it is missing."""
    found = shutil.which(name)
    assert found, f"{name} is missing: run make check-mail, which installs it"
    return found


def output(arguments: list[str], stdin: bytes = b"", good: tuple[int, ...] = (0,)) -> str:
    """What a tool prints."""
    done = subprocess.run(arguments, input=stdin, capture_output=True, timeout=280, cwd=HERE, check=False)
    assert done.returncode in good, done.stderr.decode("utf-8", "replace")[-2000:]
    return done.stdout.decode("utf-8") or done.stderr.decode("utf-8")


def node(script: str, *arguments: str) -> Any:
    """The JSON answer of one of the scripts beside this file."""
    return json.loads(output([command("node"), script, *arguments]))
