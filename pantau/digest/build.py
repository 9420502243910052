"""``DigestInput`` to ``Digest``: decides what is said, in which order and in which words."""

from collections import Counter

from pantau.digest import answers, build_posts, build_rest, build_states, build_unread, clean, headline, words
from pantau.digest.blocks import Card
from pantau.digest.build_tables import tables
from pantau.digest.context import Context
from pantau.digest.corrected import corrected
from pantau.digest.model import Digest, DigestInput


def build(data: DigestInput) -> Digest:
    """The complete digest, uncut. The same input gives an equal digest.

    Raises ``ValueError`` when an account would be called quiet and unread at once, or the numbers do not add up.
    """
    ctx = Context(data)
    flags, reviews = build_posts.cards(ctx)
    still_open = build_posts.open_rows(ctx)
    counts = build_states.counts(
        ctx, tones=_tones(flags.cards), reviews=len(reviews.cards), still_open=len(still_open.rows)
    )
    window = words.span(data.run.window.start, data.run.window.end, ctx.zone)
    office = data.office
    return Digest(
        run_id=clean.line(data.run.run_id),
        subject=clean.line(headline.subject(ctx, counts)),
        title=headline.title(ctx),
        heading=headline.heading(ctx),
        day=words.day_long(ctx.today),
        short_day=words.day_short(ctx.today),
        office_name=clean.line(office.name),
        office_department=clean.line(office.department),
        office_address=clean.line(office.address),
        contact=clean.line(office.contact),
        how_to_answer=headline.how_to_answer(ctx),
        readers=", ".join(clean.line(reader) for reader in data.readers),
        window=window,
        headline=headline.headline(counts),
        change=headline.change(ctx, flags.cards),
        warnings=headline.warnings(ctx),
        tiles=headline.tiles(counts),
        counts=counts,
        flags=flags,
        reviews=reviews,
        open_rows=still_open,
        quiet=build_states.quiet_rows(ctx),
        unread=build_unread.unread_groups(ctx),
        missing=build_states.missing(ctx),
        performance=build_states.performance(ctx),
        examples=build_rest.examples(ctx),
        excused=build_states.excused(ctx),
        vanished=build_rest.vanished(ctx),
        corrected=corrected(ctx),
        decisions=build_rest.decisions(ctx),
        letters=answers.letters(ctx),
        trend=build_rest.trend(ctx),
        mix=build_rest.mix(ctx),
        unchecked=build_rest.unchecked(ctx),
        rules=build_rest.rules(ctx),
        costs=build_rest.costs(ctx),
        method=build_rest.method(ctx),
        facts=build_rest.facts(ctx, counts, window),
        tables=tables(ctx),
    )


def _tones(cards: tuple[Card, ...]) -> Counter[str]:
    return Counter(card.tone for card in cards)


def nothing_to_say(digest: Digest) -> bool:
    """True when no reader would miss anything: no finding, nothing open, nobody silent, and everything was looked at."""
    counts = digest.counts
    numbers = (
        counts.flags,
        counts.reviews,
        counts.open,
        counts.inactive,
        counts.gone,
        counts.private,
        counts.unread,
        counts.unregistered,
    )
    lines = (digest.performance, digest.decisions, digest.letters, digest.vanished, digest.corrected, digest.rules)
    return not any(numbers) and not any(block.entries for block in lines) and not digest.warnings
