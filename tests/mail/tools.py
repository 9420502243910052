"""The tools that look at mails. A missing tool is a failure that says what to install."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
_BATCH = 15


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


def in_chromium(folder: Path, pages: list[dict[str, Any]], without_rules: list[str]) -> list[dict[str, Any]]:
    """What each view of the pages showed; see ``browser.mjs``. The pages go in small batches, each within the time of a tool."""
    seen: list[dict[str, Any]] = []
    for start in range(0, len(pages), _BATCH):
        job = folder / "job.json"
        batch = {
            "chromium": command("chromium"),
            "without_rules": without_rules,
            "pages": pages[start : start + _BATCH],
        }
        job.write_text(json.dumps(batch), "utf-8")
        seen += node("browser.mjs", str(job))
    return seen


def vnu(pages: list[str]) -> list[Any]:
    """The errors of the validator of the W3C."""
    jar = HERE / "node_modules/vnu-jar/build/dist/vnu.jar"
    told = output([command("java"), "-jar", str(jar), "--errors-only", "--format", "json", *pages], good=(0, 1))
    return list(json.loads(told)["messages"])
