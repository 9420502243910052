"""What a post is for (``CATEGORIES``), by the trained model."""

from collections.abc import Iterable

from pantau.checks.features import text_of
from pantau.checks.second_signal import shipped_signal
from pantau.core.model import Category, Post


def categorise(posts: Iterable[Post]) -> list[Category]:
    """The category of each post, in order. Raises ``RuleError`` when the model that ships with Pantau is broken."""
    return shipped_signal().categories([text_of(post) for post in posts])
