"""How long each kind of data is kept: ``[retention]`` of ``pantau.toml``. Reasons stand in docs/decisions.md."""

import msgspec


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept, in days; 0 keeps them for good. Applied by ``pantau purge`` alone."""

    raw_days: int = 400
    """Raw answers of posts without a finding."""
    pictures_days: int = 400
    """What is known of pictures and the words read off them, of posts without a finding."""
    personal_days: int = 90
    """The numbers of people in posts in which a rule found some, and those posts' raw answers."""
    posts_days: int = 0
    """Posts altogether; findings keep their quotes."""
    findings_days: int = 1825
    """Findings and the digests that told of them."""
    decisions_days: int = 1825
    """Decisions whose finding is gone."""
    audit_days: int = 3650
    """Entries of the audit log."""
    mails_days: int = 400
    """The bytes of mails that were sent or given up, run folders, and who wrote to us."""
    leftovers_days: int = 90
    """Copies of the database from before an update, and what ``pantau restore`` put aside."""
