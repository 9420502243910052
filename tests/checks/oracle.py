"""The reference: one post at a time, one character at a time, one phrase at a time. Slow, plain, shares no fold or match code.

It takes from the product only the tables (what a character becomes), the list of spellings per phrase and the rules as data.
"""

import re
import unicodedata
from itertools import pairwise, product
from typing import NamedTuple

from pantau.checks.catalogue import Catalogue, Rule, WordSet
from pantau.checks.fold_tables import FLAGS, fold_character
from pantau.checks.kinds.compiled import DISGUISED_FAMILIES, SPOKEN_FAMILIES
from pantau.checks.lexicon import Group, Lexicon, _joined
from pantau.checks.personal import VALIDATORS
from pantau.checks.spelling import Form, Mode
from pantau.checks.words import all_phrases, parse_entry, tokens
from pantau.core.model import Post

LEET = dict(zip("0123456789@$!|", "oi`easgtbgasii", strict=True))
GAP = "`"


class Cell(NamedTuple):
    """One character of a folded text and the code point it came from."""

    char: str
    point: int


def light_of(text: str) -> list[Cell]:
    cells: list[Cell] = []
    flags = _flag_points(text)
    for point, character in enumerate(text):
        folded = " " if point in flags else "" if character == "\0" else fold_character(character)
        cells += [Cell(char, point) for char in folded]
    return cells


def _flag_points(text: str) -> set[int]:
    found: set[int] = set()
    for run in re.finditer("[\U0001f1e6-\U0001f1ff]+", text):
        letters = "".join(chr(ord(c) - 0x1F1E6 + 65) for c in run.group())
        if len(letters) % 2 == 0 and all(letters[n : n + 2] in FLAGS for n in range(0, len(letters), 2)):
            found.update(range(*run.span()))
    return found


def camel_points(text: str) -> set[int]:
    """Code points before which a hashtag is cut."""
    found: set[int] = set()
    for tag in re.finditer(r"#([0-9A-Za-z_\x80-\U0010ffff]+)", text):
        word, begin = tag.group(1), tag.start(1)
        cuts = set()
        for n in range(1, len(word)):
            before, here, after = word[n - 1], word[n], word[n + 1 : n + 2]
            if not (before.isascii() and before.isalpha() and here.isascii() and here.isupper()):
                continue
            if before.islower() or (after.isascii() and after.islower() and after.isalpha()):
                cuts.add(begin + n)
        if len(word.encode("utf-8", "surrogatepass")) >= 3 * (len(cuts) + 1):
            found |= cuts
    return found


class Group_(NamedTuple):
    """One character of the skeleton with all cells that became it."""

    code: str
    cells: tuple[int, ...]


class Folded:
    """A text with its light cells, the same with hashtags cut (``wide``), and its skeleton in groups."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.light = light_of(text)
        cuts = camel_points(text)
        wide = [Cell(" ", -1)]
        for n, cell in enumerate(self.light):
            if cell.point in cuts and (n == 0 or self.light[n - 1].point != cell.point):
                wide.append(Cell(GAP, cell.point))
            wide.append(cell)
        self.wide = [*wide, Cell(" ", len(text))]
        self.groups = self._squeeze(self._codes())
        self.skeleton = "".join(group.code for group in self.groups)

    def _codes(self) -> list[str]:
        """A code per wide cell; ``-`` for one that closes up."""
        chars = [cell.char for cell in self.wide]
        codes = [c if c.isalnum() or c in "@$!|'" else GAP for c in chars]
        codes = ["i" if c == "l" else c for c in codes]
        quotes = []
        original = list(codes)
        for n, c in enumerate(original):
            if c in "!|" and not (_stands(original[n - 1]) and _stands(original[n + 1])):
                codes[n] = GAP
            if c == "'":
                if original[n - 1].isalpha() and original[n + 1].isalpha():
                    quotes.append(n)
                else:
                    codes[n] = GAP
        self._resolve(codes)
        closed = quotes + self._spelled_out(codes)
        for n in closed:
            codes[n] = "-"
        return codes

    def _resolve(self, codes: list[str]) -> None:
        n, published = 0, list(codes)
        while n < len(codes):
            if not (codes[n].isdigit() or codes[n] in "@$!|"):
                n += 1
                continue
            end = n
            while codes[end].isdigit() or codes[end] in "@$!|":
                end += 1
            left, right = codes[n - 1].isalpha(), codes[end].isalpha()
            left_word = left and published[n - 2].isalpha()
            right_word = right and published[end + 1].isalpha()
            number = end - n > 1 and ((left_word and not right) or (right_word and not left))
            first = codes[n]
            for k in range(n, end):
                if number:
                    codes[k] = GAP
                elif left or right:
                    codes[k] = LEET[codes[k]]
                elif not codes[k].isdigit():
                    codes[k] = GAP
            if first == "@" and not left:
                codes[n] = GAP
            n = end

    def _spelled_out(self, codes: list[str]) -> list[int]:
        """Gaps in runs of three or more single characters that are parted by exactly one cell each."""
        single = [
            0 < n < len(codes) - 1 and codes[n] not in (GAP, "'", "2") and codes[n - 1] == GAP == codes[n + 1]
            for n in range(len(codes))
        ]
        joins = [
            n
            for n in range(2, len(codes) - 2)
            if codes[n] == GAP
            and single[n - 1]
            and single[n + 1]
            and (codes[n - 1].isalpha() or codes[n + 1].isalpha())
        ]
        chosen = [n for n in joins if n - 2 in joins or n + 2 in joins]
        for n in chosen:
            for side in (n - 1, n + 1):
                codes[side] = LEET.get(codes[side], codes[side])
        return chosen

    def _squeeze(self, codes: list[str]) -> list[Group_]:
        groups: list[tuple[str, list[int]]] = []
        for n, code in enumerate(codes):
            if code == "-":
                continue
            if groups and groups[-1][0] == code and not code.isdigit():
                groups[-1][1].append(n)
            else:
                groups.append((code, [n]))
        return [Group_(code, tuple(cells)) for code, cells in groups]

    def chars(self, group: Group_) -> str:
        return "".join(self.wide[n].char for n in group.cells)

    def grown(self, start: int, end: int) -> tuple[int, int]:
        """With up to eight combining marks after the last character."""
        stop = end
        while stop < min(len(self.text), end + 8) and unicodedata.category(self.text[stop]) in ("Mn", "Me"):
            stop += 1
        return start, stop

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Code points from the first cell to the last one before the next group."""
        return self.grown(self.wide[first].point, self.wide[last].point + 1)


def _stands(code: str) -> bool:
    return code.isalnum() or code in "@$"


def _sentence_ends(gap: str) -> bool:
    return re.search(r"(?<![.!])[.!][ \t\n\r\f\v]|\n[ \t\n\r\f\v]*\n", gap) is not None


def find_form(form: Form, text: Folded) -> list[tuple[int, int, tuple[int, int]]]:
    """``(gap before, gap after, span)`` as numbers of groups."""
    shown = form.text.decode()
    model = Folded(shown)
    wanted = model.groups[1:-1] if model.groups[0].code == GAP else model.groups
    while wanted and wanted[-1].code == GAP:
        wanted = wanted[:-1]
    while wanted and wanted[0].code == GAP:
        wanted = wanted[1:]
    needle = GAP + "".join(group.code for group in wanted) + GAP
    found = []
    place = text.skeleton.find(needle)
    while place >= 0:
        after = place + len(needle) - 1
        span = _spelled(form, model, wanted, text, place, after)
        if span:
            found.append((place, after, span))
        place = text.skeleton.find(needle, place + 1)
    return found


def _spelled(
    form: Form, model: Folded, wanted: list[Group_], text: Folded, before: int, after: int
) -> tuple[int, int] | None:
    groups = text.groups[before + 1 : after]
    first, stop = groups[0].cells[0], text.groups[after].cells[0]
    chars = "".join(cell.char for cell in text.wide)
    if form.mode is Mode.EXACT:
        shown = form.text.decode()
        lead = wanted[0].cells[0] - 1
        pattern = r"(?<![a-z0-9])" + "[^a-z0-9]{1,9}".join(shown.split(" ")) + r"(?![a-z0-9])"
        hit = re.compile(pattern, re.ASCII).match(chars, max(first - lead, 0))
        return text.span(hit.start(), hit.end() - 1) if hit else None
    if form.mode is Mode.MENTION and chars[first - 1] != "@":
        return None
    for want, have in zip(wanted, groups, strict=True):
        shape, shown = model.chars(want), text.chars(have)
        if want.code == GAP:
            if form.mode is Mode.SPLIT:
                if not re.fullmatch(r"[._~+*\-]", shown):
                    return None
            elif _sentence_ends(shown):
                return None
        elif want.code == "i":
            if not _il_agrees(shape, have, text):
                return None
        elif len(shown) < len(shape):
            return None
    return text.span(first - (form.mode is Mode.MENTION), stop - 1)


def _il_agrees(shape: str, have: Group_, text: Folded) -> bool:
    """Try every reading of the ambiguous signs."""
    readings = []
    for n in have.cells:
        char, point = text.wide[n]
        letter = text.text[point]
        near = text.text[max(point - 1, 0) : point] + text.text[point + 1 : point + 2]
        odd = (letter == "I" and any(c.islower() for c in near)) or (letter == "l" and any(c.isupper() for c in near))
        readings.append("il" if char in "1!|" or odd else char)
    pattern = "".join(f"{run[0]}{{{len(run)},}}" for run in re.findall(r"i+|l+", shape))
    if len(readings) > 10:
        return (
            re.fullmatch(
                pattern.replace("i{", "[iw]{").replace("l{", "[lw]{"),
                "".join(r if len(r) == 1 else "w" for r in readings),
            )
            is not None
        )
    return any(re.fullmatch(pattern, "".join(reading)) for reading in product(*readings))


def group_of(texts: tuple[str, ...], exact: bool, disguised: bool) -> Group:
    group = Group(texts, exact=exact)
    group.disguised = disguised
    return group


class Oracle:
    """Judges posts by a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.lexicon = Lexicon(catalogue.slang)
        self._forms: dict[tuple[str, bool, bool], list[Form]] = {}

    def forms(self, phrase: str, exact: bool, disguised: bool) -> list[Form]:
        key = (phrase, exact, disguised)
        if key not in self._forms:
            words = tokens("".join(cell.char for cell in light_of(phrase)))
            self._forms[key] = list(self.lexicon._forms(words, group_of((), exact, disguised))) if words else []
        return self._forms[key]

    def spans(
        self, words: WordSet, text: Folded, *, disguised: bool = False, tagged: bool = False
    ) -> list[tuple[int, int]]:
        entries = [(entry, False) for name in words.lists for entry in self.catalogue.lists[name]]
        entries += [(entry, False) for entry in words.words] + [(entry, True) for entry in words.exact]
        found: set[tuple[int, int]] = set()
        for entry, exact in entries:
            chains: list[tuple[int, int, tuple[int, int]]] = []
            slots = parse_entry(entry)
            if len(slots) == 1:
                for phrase in slots[0].phrases:
                    for form in self.forms(phrase, exact, disguised):
                        chains += find_form(form, text)
            else:
                chains = self._chains(slots, text, exact, disguised)
            if tagged and not exact:
                for form in _joined(group_of((entry,), False, False)):
                    chains += find_form(form, text)
            found |= {span for _, _, span in chains}
        return sorted(found)

    def _chains(self, slots, text: Folded, exact: bool, disguised: bool):
        options = []
        for slot in slots:
            hits = [
                hit
                for phrase in slot.phrases
                for form in self.forms(phrase, exact, disguised)
                for hit in find_form(form, text)
            ]
            options.append([*hits, None] if slot.optional else hits)
        found = []
        for choice in product(*options):
            parts = [part for part in choice if part is not None]
            if not parts or any(one[1] != two[0] for one, two in pairwise(parts)):
                continue
            gaps = [text.chars(text.groups[part[0]]) for part in parts[1:]]
            if any(_sentence_ends(gap) for gap in gaps):
                continue
            first, last = parts[0][0], parts[-1][1]
            span = text.span(text.groups[first + 1].cells[0], text.groups[last].cells[0] - 1)
            found.append((first, last, span))
        return found

    def check(self, post: Post) -> tuple[set[tuple], set[tuple]]:
        """``(findings, cancelled)`` as tuples (rule, field, start, end)."""
        texts = [Folded(text) if text else None for text in (post.text, post.image_text)]
        findings, cancelled = set(), set()
        for rule in self.catalogue.active():
            for field, start, end in self._hits(rule, texts):
                verdict = self._context(rule, texts, field, (start, end))
                if verdict == "kept":
                    findings.add((rule.id, field, start, end))
                elif verdict == "cancelled":
                    cancelled.add((rule.id, field, start, end))
        return findings, cancelled

    def _hits(self, rule: Rule, texts):
        for field, text in enumerate(texts):
            if text is None or ("text", "image_text")[field] not in rule.fields:
                continue
            if rule.kind == "pattern":
                spans = self._pattern(rule, text)
            elif rule.kind == "lexicon":
                spans = self._candidates(rule, 0, text)
            elif rule.kind == "near":
                spans = self._near(rule, text)
            else:
                continue
            yield from ((field, *span) for span in _leftmost_longest(spans))

    def _candidates(self, rule: Rule, number: int, text: Folded):
        spans = self.spans(
            rule.sets[number],
            text,
            disguised=rule.family in DISGUISED_FAMILIES,
            tagged=rule.family not in SPOKEN_FAMILIES,
        )
        excepts = self.spans(rule.excepts, text)
        places = self.spans(WordSet(lists=("place-names",)), text) if "place-names" in self.catalogue.lists else []
        return [
            (a, b)
            for a, b in spans
            if not any(x < b and y > a for x, y in excepts) and not any(x <= a and b <= y for x, y in places)
        ]

    def _near(self, rule: Rule, text: Folded):
        combos = [((span,)) for span in self._candidates(rule, 0, text)]
        for number in range(1, len(rule.sets)):
            others = self._candidates(rule, number, text)
            grown = []
            for combo in combos:
                start, end = min(a for a, _ in combo), max(b for _, b in combo)
                allowed = []
                for a, b in others:
                    if any(a < y and b > x for x, y in combo) or (rule.ordered and a < end):
                        continue
                    away = distance(text, (start, end), (a, b))
                    if away <= rule.within_words:
                        allowed.append((away, abs(a - start), (a, b)))
                if allowed:
                    grown.append((*combo, min(allowed)[2]))
            combos = grown
        spans = {(min(a for a, _ in combo), max(b for _, b in combo)) for combo in combos}
        return [s for s in spans if not any(o != s and o[0] >= s[0] and o[1] <= s[1] for o in spans)]

    def _pattern(self, rule: Rule, text: Folded):
        light = "".join(cell.char for cell in text.light)
        excepts = self.spans(rule.excepts, text)
        for pattern in rule.patterns:
            for hit in re.finditer(pattern, light, re.ASCII):
                start, end = hit.span("hit" if "hit" in hit.re.groupindex else 0)
                shown = light[start:end]
                start += len(shown) - len(shown.lstrip())
                end -= len(shown) - len(shown.rstrip())
                if start < 0 or start >= end or (rule.validate and not VALIDATORS[rule.validate](light[start:end])):
                    continue
                span = text.grown(text.light[start].point, text.light[end - 1].point + 1)
                if not any(x < span[1] and y > span[0] for x, y in excepts):
                    yield span

    def _context(self, rule: Rule, texts, field: int, span: tuple[int, int]) -> str:
        def there(context) -> bool:
            fields = [text for text in texts if text] if context.within_words == 0 else [texts[field]]
            for text in fields:
                for other in self.spans(context.words, text):
                    if context.within_words == 0 or distance(text, span, other) <= context.within_words:
                        return True
            return False

        if not all(there(context) for context in rule.require):
            return "missing"
        return "cancelled" if any(there(context) for context in rule.cancel) else "kept"


def distance(text: Folded, one: tuple[int, int], other: tuple[int, int]) -> int:
    """Words between the edges of two spans; neighbours are 1 apart."""
    first, second = sorted((one, other))
    if second[0] < first[1]:
        return 0
    begins = [
        text.wide[text.groups[n + 1].cells[0]].point for n, group in enumerate(text.groups[:-1]) if group.code == GAP
    ]

    def word(point: int) -> int:
        return sum(begin <= point for begin in begins)

    return word(second[0]) - word(first[1] - 1)


def _leftmost_longest(spans) -> list[tuple[int, int]]:
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
    return chosen


__all__ = ["Folded", "Oracle", "all_phrases"]
