"""What the store hands out besides the shared nouns of ``pantau.core.model``. All frozen; times are UTC."""

from datetime import datetime

import msgspec

from pantau.core.model import Finding, Post


class Watermark(msgspec.Struct, frozen=True, kw_only=True):
    """How far an account has been read without a gap."""

    since: datetime
    """Everything published before this instant was seen; the next reading starts here."""
    last_post_at: datetime | None = None
    """Publication time of the newest post seen by a complete reading; None when the account showed none."""
    last_post_id: str = ""
    """The platform's id of that post."""


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What saving a scan or an import changed; all zero when it was saved before."""

    new: int = 0
    """Posts stored for the first time."""
    edited: int = 0
    """Posts whose text had changed."""
    vanished: int = 0
    """Posts that were missing for the second night."""


class RunEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One named event in the life of a run, for example ``resumed``."""

    at: datetime
    name: str
    detail: str = ""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a post: the post as it stood, the run that brought it and when it was first seen so."""

    post: Post
    run_id: str
    seen_at: datetime


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """When and by which runs a post was seen."""

    first_run: str
    """The run that first stored it."""
    changed_run: str
    """The run that stored its newest version."""
    changed_at: datetime
    """When that version was first seen."""
    first_seen_at: datetime
    last_seen_at: datetime
    vanished_at: datetime | None = None
    """The first reading that missed it, once a later night has confirmed that no account shows it any more."""
    missed_at: datetime | None = None
    """The first reading that missed it in some account's timeline since it was last seen there, confirmed or not."""


class Vanished(msgspec.Struct, frozen=True, kw_only=True):
    """A stored post that was missing on two nights. ``missed_at`` is the first of them."""

    post: Post
    """``post.account`` is the account in whose timeline it is missing."""
    last_seen_at: datetime
    missed_at: datetime


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the posts and readings that a manifest names."""

    sha256: str
    """Of the manifest as kept; empty when the run has none."""
    posts: int = 0
    readings: int = 0
    purged_posts: int = 0
    """Removed or masked by the retention rules: their words can no longer be compared."""
    purged_raws: int = 0
    """Posts whose raw answer, but not their words, the retention rules removed."""
    differences: tuple[str, ...] = ()
    """What is stored otherwise than the manifest says, in Indonesian; the first hundred."""
    different: int = 0
    """How many they are in all."""


class FirstReport(msgspec.Struct, frozen=True, kw_only=True):
    """The first night on which a finding was reported, and on how many nights in all."""

    run_id: str
    at: datetime
    """``as_of`` of that night."""
    times: int


class OpenFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A flag of earlier nights that nobody dismissed or followed up, in its newest form."""

    finding: Finding
    first: FirstReport
    last_run: str
    last_at: datetime
    """``as_of`` of the newest of those nights that reported it."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One rendered form of a digest: edition (``staff``, ``unit:...``), format (``html``, ``pdf``, ...) and its bytes."""

    edition: str
    format: str
    data: bytes


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How much ``purge`` removed."""

    raws: int = 0
    posts: int = 0
    wires: int = 0
    letters: int = 0
    """Mails to us that lost their sender, subject and reason."""
    pictures: int = 0
    """Posts that lost what was known of their pictures."""
    personal: int = 0
    """Posts in which numbers of people were masked."""
    findings: int = 0
    documents: int = 0
    decisions: int = 0
    audit: int = 0
    """Entries of the audit log."""
