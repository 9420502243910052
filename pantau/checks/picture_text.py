"""Where the words of a finding stand on which picture, and what a doubtful reading may still say."""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from rapidfuzz import fuzz

from pantau.core.model import Evidence, Finding, sort_findings
from pantau.core.pictures import PictureLine, PictureSpot, PlacedLine, PostPicture

_LABEL = re.compile(
    r"\b(?:nik|no|nomor|kk|ktp|hp|wa|telp|tlp|rek|rekening|bri|bca|bni|mandiri|harga|seharga|rp)\W{0,3}$|\b08\d\d?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\W{0,3}\d")
BETWEEN_PICTURES = "\n\n"
_SAME_TEXT = 80.0
"""Likeness (0 to 100) of the words from which on two pictures of one layout are the same; templates share all but the words."""


def joined(lines: Sequence[PictureLine]) -> str:
    """The words of one picture as they stand in ``Post.image_text``: one sign between two lines.

    A line break, or a blank where a number was parted from its label by the layout: ``NIK`` above, or left of, its digits.
    """
    text = ""
    for number, line in enumerate(lines):
        if number:
            text += " " if _LABEL.search(lines[number - 1].text) and _NUMBER.match(line.text) else "\n"
        text += line.text
    return text


def placed(pictures: Iterable[PostPicture]) -> list[PlacedLine]:
    """Every line that was read off a post's pictures, with the stretch of ``image_text`` that it fills."""
    found = []
    for picture in pictures:
        at = picture.start
        for number, line in enumerate(picture.lines, 1):
            spot = PictureSpot(picture.n, number, line.box)
            found.append(PlacedLine(spot, at, at + len(line.text), line.score))
            at += len(line.text) + 1
    return found


def locate(
    findings: Iterable[Finding], pictures: Mapping[str, Sequence[PostPicture]], sure_score: float
) -> list[Finding]:
    """Findings with line, box and score wherever their words stand on a picture of ``pictures`` (by post).

    What rests on doubtfully read lines alone becomes a review: such lines may support but not decide.
    """
    layouts = {key: placed(items) for key, items in pictures.items()}
    return sort_findings(_located(finding, layouts.get(finding.post, []), sure_score) for finding in findings)


def _located(finding: Finding, layout: list[PlacedLine], sure_score: float) -> Finding:
    if not layout or not any(item.field == "image_text" for item in finding.evidence):
        return finding
    evidence = tuple(_with_spot(item, layout) for item in finding.evidence)
    doubtful = all(item.spot is not None and (item.score or 0.0) < sure_score for item in evidence)
    strength = "review" if doubtful else finding.strength
    return msgspec.structs.replace(finding, evidence=evidence, strength=strength)


def _with_spot(item: Evidence, layout: list[PlacedLine]) -> Evidence:
    lines = [line for line in layout if line.start < item.end and item.start < line.end]
    if item.field != "image_text" or not lines:
        return item
    return msgspec.structs.replace(item, spot=lines[0].spot, score=min(line.score for line in lines))


def same_words(one: Sequence[PictureLine], other: Sequence[PictureLine]) -> bool:
    """True when two pictures of the same layout also say the same (or both nothing)."""
    if not one or not other:
        return not one and not other
    return fuzz.ratio(joined(one).casefold(), joined(other).casefold()) >= _SAME_TEXT
