"""SpamAssassin's own rules, without any look-up, over the mails as they are sent."""

import re

import pytest

from tests.digest import every_page
from tests.mail import tools

MAILS = every_page.wires()


@pytest.mark.parametrize("name", MAILS)
def test_no_rule_of_a_spam_filter_takes_a_mail_for_advertising(name: str) -> None:
    told = tools.output([tools.command("spamassassin"), "-L", "-t", "-x"], MAILS[name]())
    details = told.rsplit("Content analysis details:", 1)[1]
    rules = {rule: float(points) for points, rule in re.findall(r"^\s*(-?\d+\.\d) ([A-Z][A-Z0-9_]+)", details, re.M)}
    total = re.search(r"\((-?[\d.]+) points", details)
    assert total
    print(name, total.group(1), rules)
    assert rules
    assert float(total.group(1)) <= 0.5
    assert max(rules.values()) <= 0.5
