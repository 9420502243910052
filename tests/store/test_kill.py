"""kill -9 at any moment: every scan is there whole or not at all, and what was reported as saved is there."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from pantau.core.model import Window
from pantau.store import open_store

from .builders import DAY, NIGHT

RUN = "n-20261101"
POSTS = 5
MAILS = 3
ROOT = Path(__file__).resolve().parents[2]
SCANS = f"""
import sys
from pantau.store import open_store
from tests.store.builders import ON, account, begin, post, scan

with open_store(sys.argv[1]) as store:
    begin(store)
    accounts = store.accounts.sync([account(f"akun{{n}}") for n in range(900)], ON)
    done = {{reading.account for reading in store.readings.of_run("{RUN}")}}
    print("start", flush=True)
    for item in accounts:
        if item.key not in done:
            posts = [post(f"{{item.handle}}-{{n}}", account=item.key) for n in range({POSTS})]
            store.save_scan("{RUN}", scan(*posts, account=item.key))
            print(item.key, flush=True)
"""
FREEZES = f"""
import sys
from pantau.store import Document, open_store
from tests.store.builders import begin, mail

with open_store(sys.argv[1]) as store:
    print("start", flush=True)
    for n in range(900):
        begin(store, run_id=f"n-{{n}}")
        documents = [Document(edition=str(k), format="html", data=b"x" * 5000) for k in range({MAILS})]
        mails = [mail(f"{{n}}-{{k}}", f"{{k}}@kab.example", f"n-{{n}}", wire=b"x" * 5000) for k in range({MAILS})]
        store.freeze(f"n-{{n}}", documents, mails)
        print(f"n-{{n}}", flush=True)
"""


def run_and_kill(program: str, url: str, after_s: float) -> set[str]:
    """Start the program, kill it that long after it began to save; what it reported as saved."""
    child = subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline() == "start\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    reported = child.stdout.read().splitlines(keepends=True)
    child.stdout.close()
    child.wait()
    return {line.strip() for line in reported if line.endswith("\n")}


def test_a_killed_run_leaves_every_scan_whole_or_absent(url: str) -> None:
    reported: set[str] = set()
    for _ in range(2):
        reported |= run_and_kill(SCANS, url, random.uniform(0.05, 0.5))
        with open_store(url) as store:
            posts = Counter(item.account for item in store.posts.in_window(Window(NIGHT - DAY, NIGHT)))
            readings = {reading.account for reading in store.readings.of_run(RUN)}
            dates = store.posts.dates(readings, NIGHT - DAY)
            assert set(posts) == readings == set(store.accounts.watermarks())
            assert set(posts.values()) <= {POSTS}
            assert {len(found) for found in dates.values()} <= {POSTS}
            assert reported, "the child was killed before it saved anything"
            assert reported <= readings, "what was reported as saved must be there"


def test_a_killed_freeze_leaves_none_or_all(url: str) -> None:
    reported = run_and_kill(FREEZES, url, random.uniform(0.1, 0.5))
    with open_store(url) as store:
        runs = store.runs.recent(1000)
        for run in runs:
            size = (len(store.documents.list(run.run_id)), len(store.outbox.of_run(run.run_id)))
            assert size == ((MAILS, MAILS) if store.runs.is_frozen(run.run_id) else (0, 0))
        frozen = {run.run_id for run in runs if store.runs.is_frozen(run.run_id)}
        assert len(store.outbox.due(NIGHT)) == MAILS * len(frozen)
        assert reported, "the child was killed before it froze anything"
        assert reported <= frozen
