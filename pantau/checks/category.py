"""What a post is for (``CATEGORIES``), by the trained model."""

from collections.abc import Iterable

from pantau.checks.features import text_of
from pantau.checks.second_signal import SecondSignal, shipped_signal
from pantau.core.model import Category, Post


def categorise(posts: Iterable[Post], signal: SecondSignal | None = None) -> list[Category]:
    """The category of each post, in order, by ``signal``; None: by the model that ships with Pantau.

    Raises ``RuleError`` when that one is broken.
    """
    return (signal or shipped_signal()).categories([text_of(post) for post in posts])
