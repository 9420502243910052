"""The same picture is known again after what platforms do to it; another one is not taken for it."""

import random

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from pantau.checks.picture_hash import ALIKE_BITS, SAME_BITS, Fingerprints, difference_hash, distance, is_telling
from tests.drawn import encoded


def scene(seed: int) -> Image.Image:
    """An invented photograph: soft patches of light."""
    chance = random.Random(seed)
    image = Image.new("RGB", (900, 700), tuple(chance.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, r = chance.randrange(900), chance.randrange(700), chance.randrange(60, 260)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(256) for _ in range(3)))
    return image


@pytest.mark.parametrize("seed", range(8))
def test_compressing_halving_brightening_and_a_caption_bar_leave_the_picture_the_same(seed: int) -> None:
    image = scene(seed)
    barred = image.copy()
    ImageDraw.Draw(barred).rectangle((0, 650, 900, 700), fill="black")
    compressed = Image.open(__import__("io").BytesIO(encoded(image, "JPEG", quality=30)))
    for other in (compressed, image.resize((450, 350)), ImageEnhance.Brightness(image).enhance(1.2), barred):
        assert distance(difference_hash(image), difference_hash(other)) <= SAME_BITS


def test_different_pictures_are_far_apart() -> None:
    hashes = [difference_hash(scene(seed)) for seed in range(40)]
    pairs = [distance(one, other) for n, one in enumerate(hashes) for other in hashes[:n]]
    assert min(pairs) > ALIKE_BITS


def test_an_even_surface_says_nothing_about_sameness() -> None:
    blank = difference_hash(Image.new("RGB", (500, 500), "white"))
    assert not is_telling(blank)
    known = Fingerprints([("a", blank)])
    known.add("b", blank)
    assert known.near(blank) == []


def test_the_search_gives_the_nearest_first_and_also_those_added_since() -> None:
    base = int(difference_hash(scene(1)), 16)
    far, near, late = (f"{base ^ mask:016x}" for mask in (0b111111111111, 0b11, 0b1))
    known = Fingerprints([("far", far), ("near", near), ("other", difference_hash(scene(2)))])
    known.add("late", late)
    assert known.near(f"{base:016x}") == [(1, "late"), (2, "near"), (12, "far")]
    assert Fingerprints().near(f"{base:016x}") == []
