"""Ordinary and tricky innocent posts of our own: the shipped rules must leave nearly all of them alone."""

from collections import Counter
from datetime import date
from pathlib import Path

from pantau.checks.catalogue import Catalogue
from pantau.checks.labelled import check_lines, read_labelled
from pantau.checks.load import load_catalogue
from pantau.core.model import FAMILIES, POST_FAMILIES
from pantau.core.resources import data_dir

INNOCENT = Path(__file__).parents[1] / "fixtures" / "rules" / "innocent.jsonl"
ALLOWED_FLAGS = 3
MIN_CASES = 4
MIN_RULES = 3


def shipped() -> Catalogue:
    return load_catalogue([data_dir("rules")], {}, date(2025, 9, 10))


def test_innocent_posts_raise_at_most_three_flags_in_all():
    flags = [
        (checked["id"], finding["rule"])
        for checked in check_lines(shipped(), INNOCENT)
        for finding in checked["findings"]
        if finding["strength"] == "flag"
    ]
    assert len(flags) <= ALLOWED_FLAGS, flags


def test_the_innocent_posts_are_many_different_and_without_labels():
    posts = read_labelled(INNOCENT)
    assert len(posts) == len({post.text for post in posts}) >= 150
    assert [post.id for post in posts if post.labels] == []
    assert sum(post.hard for post in posts) > 50


def test_every_post_family_has_several_rules_and_every_family_at_least_one():
    rules = Counter(rule.family for rule in shipped().rules)
    assert [family for family in POST_FAMILIES if rules[family] < MIN_RULES] == []
    assert [family for family in FAMILIES if not rules[family]] == []


def test_every_rule_on_posts_has_four_cases_that_fire_and_four_that_do_not():
    poor = [
        rule.id
        for rule in shipped().rules
        if rule.kind not in ("history", "ledger", "reader")
        and min(sum(case.fires for case in rule.cases), sum(not case.fires for case in rule.cases)) < MIN_CASES
    ]
    assert poor == []
