"""The keys of ``[reader]``: a language model that reads posts at an OpenAI-compatible endpoint. Off without ``url``."""

from typing import Literal

import msgspec


class ReaderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the reader is, what it may cost and what it may do."""

    url: str = ""
    """Base address, for example ``http://localhost:11434/v1``; empty: no reader."""
    model: str = ""
    api_key: str = ""
    """``env:NAME`` or ``file:PATH``; empty for local servers that need none."""
    mode: Literal["every", "doubtful"] = "doubtful"
    """``doubtful``: posts with a review, with a hit that its context took away and, where flags may be lowered, with a flag."""
    batch_posts: int = 20
    post_chars: int = 6000
    """Longer captions are sent up to here."""
    timeout_s: float = 120.0
    """For one whole answer."""
    deadline_min: float = 60.0
    """For all answers of a night; what is left stays unread."""
    retries: int = 2
    """Further attempts after a refused connection, 429 or a fault of the server."""
    max_cost_per_night: float = 1.0
    """US dollars by the prices below; 0: no limit."""
    price_in: float = 0.0
    """US dollars per million tokens sent; 0 for an own server."""
    price_out: float = 0.0
    """US dollars per million tokens answered."""
    open_review: bool = True
    """It may open a review where no rule spoke."""
    confirm_review: bool = True
    """It may make a flag of a review that another signal opened."""
    lower_flag: bool = False
    """It may make a review of a flag. Nothing it says erases a finding."""

    @property
    def on(self) -> bool:
        """True when a reader is set up."""
        return bool(self.url)


def reader_problems(reader: ReaderSettings) -> list[tuple[str, object, str, str]]:
    """What is wrong with the section: (key, value, what, remedy)."""
    wrong: list[tuple[str, object, str, str]] = []
    if reader.url and not reader.url.startswith(("http://", "https://")):
        wrong.append(("reader.url", reader.url, "bukan alamat", "Tulis misalnya http://localhost:11434/v1."))
    if reader.url and not reader.model:
        wrong.append(("reader.model", "", "belum diisi", "Model wajib bila reader.url diisi."))
    for key in ("batch_posts", "post_chars", "timeout_s", "deadline_min"):
        if getattr(reader, key) <= 0:
            wrong.append((f"reader.{key}", getattr(reader, key), "harus lebih besar dari 0", "Perbaiki angkanya."))
    for key in ("retries", "max_cost_per_night", "price_in", "price_out"):
        if getattr(reader, key) < 0:
            wrong.append((f"reader.{key}", getattr(reader, key), "tidak boleh negatif", "Perbaiki angkanya."))
    return wrong
