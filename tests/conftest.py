"""How the suite draws its random cases: the same ones on every run, so that a change fails for what it changed.

``PANTAU_HYPOTHESIS=long`` draws new ones (and more of them where a test says so); what it finds becomes a named case.
"""

import gc
import os

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("long", deadline=None)
settings.load_profile("long" if os.environ.get("PANTAU_HYPOTHESIS") == "long" else "same")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What collecting has built stays to the end: the garbage collections that nights ask for need not look through it."""
    gc.collect()
    gc.freeze()
