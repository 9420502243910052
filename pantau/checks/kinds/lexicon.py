"""Rules of kind ``lexicon``: any of some words and phrases."""

from pantau.checks.kinds.compiled import CompiledRule, Hit
from pantau.checks.kinds.spans import candidates, longest_first
from pantau.checks.view import PostView


def find(rule: CompiledRule, post: PostView) -> list[Hit]:
    """Where a phrase of the rule stands, exceptions taken out."""
    return [Hit(field, span) for field in rule.fields for span in longest_first(candidates(rule, post, 0, field))]
