"""``pantau`` with a clock, a memory limit and a patience for locks that the crash test chooses; everything else is as in life.

python -m tests.crash.launch '{"begin": "...", "skew_s": 0}' -c pantau.toml nightly ...
"""

import json
import resource
import sys
import time
from datetime import datetime, timedelta

from jobs import clock
from pantau.store import database

NOT_LOADED = 70
"""Exit code when not even the program's own modules find room."""


def main() -> None:
    """See the module."""
    begun, plan = time.monotonic(), json.loads(sys.argv.pop(1))
    start = datetime.fromisoformat(plan["begin"]) + timedelta(seconds=plan.get("skew_s", 0))
    clock.now_utc = lambda: start + timedelta(seconds=time.monotonic() - begun)
    if plan.get("busy_ms"):
        database._BUSY_TIMEOUT_MS = plan["busy_ms"]
    if plan.get("memory_mb"):
        limit = plan["memory_mb"] * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        from jobs.__main__ import main as pantau
    except (ImportError, MemoryError, OSError) as error:
        print(f"not loaded: {error}", file=sys.stderr)
        sys.exit(NOT_LOADED)
    pantau()


if __name__ == "__main__":
    main()
