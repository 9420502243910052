"""Tests of the mails in real programs: ``make check-mail`` installs those and runs them, a plain ``make test`` does not."""

import os
from collections.abc import Iterator

import pytest

from tests.mail.dovecot import Dovecot
from tests.mail.postfix import GONE, Postfix
from tests.mail.real_office import USERS

collect_ignore_glob = [] if os.environ.get("PANTAU_CHECK_MAIL") else ["test_*.py"]


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot(USERS) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    with Postfix(dovecot, also_knows=(GONE,)) as server:
        yield server
