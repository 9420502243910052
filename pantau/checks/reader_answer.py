"""Reads an answer of the model: what is outside the fixed form, or quotes words that the post does not hold, is dropped."""

import re
from collections.abc import Container, Mapping
from typing import Literal

import msgspec

from pantau.checks.catalogue import TextField
from pantau.checks.personal import mask_personal
from pantau.checks.reader_prompt import NOTHING, Sent
from pantau.core.model import Family

Verdict = Literal["yes", "unsure", "no"]
_MAX_QUOTE_CHARS = 500
_MAX_WHY_CHARS = 160
_MIN_WORD_CHARS = 3
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_WRAPPED = re.compile(r"^\s*```(?:json)?\s*\n(.*)\n\s*```\s*$", re.DOTALL)
_ADDRESS = re.compile(r"\S*(?:://|www\.)\S*|\b(?:[\w-]+\.)+[a-z]{2,}\b\S*", re.IGNORECASE)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement about one post. ``family`` is ``-`` where the reader found nothing."""

    family: Family | Literal["-"]
    verdict: Verdict
    quote: str = ""
    why: str = ""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer of the model was worth."""

    posts: dict[str, tuple[Answer, ...]]
    """By the id that was sent; a post of which nothing usable was said is not there."""
    broken: frozenset[str] = frozenset()
    """Posts of which something was dropped: what remains may add a finding, but weakens none and is not kept."""
    discarded: int = 0


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    family: Family | Literal["-"]
    verdict: Verdict
    quote: str
    why: str


class _Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answers: list[msgspec.Raw]


class _Named(msgspec.Struct, frozen=True):
    id: str


def read_answers(content: str, sent: Mapping[str, Sent], families: Container[str]) -> Answers:
    """The usable part of an answer to the posts in ``sent`` (by id)."""
    text = _THOUGHT.sub("", content)
    wrapped = _WRAPPED.match(text)
    try:
        rows = msgspec.json.decode((wrapped.group(1) if wrapped else text).encode("utf-8", "replace"), type=_Whole)
    except (msgspec.MsgspecError, RecursionError):
        return Answers(posts={}, discarded=1)
    found: dict[str, list[Answer]] = {}
    broken: set[str] = set()
    discarded = 0
    for raw in rows.answers:
        item = _item(raw, sent, families)
        if item is None:
            discarded += 1
            broken |= {_id_of(raw)} & sent.keys()
        else:
            answer = Answer(family=item.family, verdict=item.verdict, quote=item.quote.strip(), why=clean_why(item.why))
            found.setdefault(item.id, []).append(answer)
    return Answers(
        posts={post_id: tuple(answers) for post_id, answers in found.items()},
        broken=frozenset(broken),
        discarded=discarded,
    )


def _item(raw: msgspec.Raw, sent: Mapping[str, Sent], families: Container[str]) -> _Item | None:
    try:
        item = msgspec.json.decode(raw, type=_Item)
    except (msgspec.MsgspecError, RecursionError):
        return None
    if item.id not in sent or (item.family != NOTHING and item.family not in families):
        return None
    if item.family == NOTHING and item.verdict != "no":
        return None
    if item.verdict != "no" and locate(sent[item.id], item.quote.strip()) is None:
        return None
    return item


def _id_of(raw: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).id
    except (msgspec.MsgspecError, RecursionError):
        return ""


def locate(sent: Sent, quote: str) -> tuple[TextField, int, int] | None:
    """Where a quote stands in the published text; None when it is not there to the letter, or too short to mean anything."""
    if len(quote) > _MAX_QUOTE_CHARS or sum(map(str.isalnum, quote)) < _MIN_WORD_CHARS:
        return None
    fields: tuple[tuple[TextField, str], ...] = (("text", sent.text), ("image_text", sent.image_text))
    for field, text in fields:
        start = text.find(quote)
        if start >= 0:
            return field, start, start + len(quote)
    return None


def clean_why(why: str) -> str:
    """The model's sentence, fit to be shown: one line, short, without addresses and personal numbers."""
    line = " ".join(mask_personal(_ADDRESS.sub("[alamat]", why[:1000])).split())
    return line if len(line) <= _MAX_WHY_CHARS else f"{line[: _MAX_WHY_CHARS - 1]}…"
