"""These tests need node, java, Chromium and SpamAssassin: ``make check-mail`` runs them, a plain ``make test`` does not."""

import os

collect_ignore_glob = [] if os.environ.get("PANTAU_CHECK_MAIL") else ["test_*.py"]
