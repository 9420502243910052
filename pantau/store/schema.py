"""The tables, as the newest migration leaves them.

Times are integers: microseconds since 1970 in UTC, so that order and microseconds survive in both databases.
Posts are clustered by publication time, which makes a window one sequential read; what a hot read does not need
(raw answers, older versions) lies in tables of its own.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    event,
    text,
)

from pantau.store.columns import CleanText, Instant

REVISION = "0007"
"""The migration this code was written for. Revisions are four digits, so that a newer one sorts later."""

metadata = MetaData()


def _text(name: str, *more: Any, nullable: bool = False) -> "Column[str]":
    return Column(name, CleanText(), *more, nullable=nullable)


def _instant(name: str, nullable: bool = False) -> "Column[datetime]":
    return Column(name, Instant(), nullable=nullable)


def _run(name: str = "run_id", nullable: bool = False) -> "Column[str]":
    return Column(name, CleanText(), ForeignKey("runs.run_id"), nullable=nullable)


def _account(nullable: bool = False) -> "Column[int]":
    return Column("account_id", Integer, ForeignKey("accounts.id"), nullable=nullable)


accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("platform"),
    _text("platform_id"),
    _text("handle"),
    _text("handle_key"),
    _text("seen_handle"),
    _text("seen_key"),
    _text("unit"),
    Column("since", Date, nullable=False),
    Column("listed", Boolean, nullable=False),
    _instant("read_until", nullable=True),
    _instant("last_post_at", nullable=True),
    _text("last_post_id"),
)
Index("ix_accounts_handle", accounts.c.platform, accounts.c.handle_key)
Index("ix_accounts_seen", accounts.c.platform, accounts.c.seen_key)
Index(
    "uq_accounts_platform_id",
    accounts.c.platform,
    accounts.c.platform_id,
    unique=True,
    sqlite_where=accounts.c.platform_id != "",
    postgresql_where=accounts.c.platform_id != "",
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", CleanText(), primary_key=True),
    _text("kind"),
    _instant("window_start"),
    _instant("window_end"),
    _instant("as_of"),
    _instant("started_at"),
    _text("status"),
    _instant("finished_at", nullable=True),
    Column("exit_code", Integer),
    _text("summary"),
    Column("frozen", Boolean, nullable=False),
)

run_events = Table(
    "run_events",
    metadata,
    Column("id", Integer, primary_key=True),
    _run(),
    _instant("at"),
    _text("name"),
    _text("detail"),
)
Index("ix_run_events_run", run_events.c.run_id)

readings = Table(
    "readings",
    metadata,
    _run(),
    _account(),
    _instant("checked_at"),
    _text("body"),
    PrimaryKeyConstraint("run_id", "account_id"),
)
Index("ix_readings_account", readings.c.account_id, readings.c.checked_at)

posts = Table(
    "posts",
    metadata,
    _instant("published_at"),
    _text("key"),
    _account(),
    _text("kind"),
    _text("text"),
    _text("image_text"),
    _text("media"),
    _text("url"),
    _text("metrics"),
    _text("edited_from"),
    _text("raw_sha256"),
    _run("first_run"),
    _run("changed_run"),
    _instant("changed_at"),
    _text("source", nullable=True),
    PrimaryKeyConstraint("published_at", "key"),
    UniqueConstraint("key", name="uq_posts_key"),
    sqlite_with_rowid=False,
)
Index("ix_posts_first_run", posts.c.first_run)
Index("ix_posts_changed_run", posts.c.changed_run)

sightings = Table(
    "sightings",
    metadata,
    _account(),
    _instant("published_at"),
    _text("post"),
    _instant("first_seen_at"),
    _instant("last_seen_at"),
    _instant("vanished_at", nullable=True),
    _run("vanished_run", nullable=True),
    _instant("missed_at", nullable=True),
    _text("seen_run", nullable=True),
    _text("source", nullable=True),
    PrimaryKeyConstraint("account_id", "published_at", "post"),
    ForeignKeyConstraint(["published_at", "post"], ["posts.published_at", "posts.key"]),
    UniqueConstraint("post", "account_id", name="uq_sightings_post"),
    sqlite_with_rowid=False,
)
Index("ix_sightings_vanished_run", sightings.c.vanished_run)
Index("ix_sightings_seen_run", sightings.c.seen_run)


def _post() -> "Column[str]":
    return Column("post", CleanText(), ForeignKey("posts.key"), nullable=False)


post_versions = Table(
    "post_versions",
    metadata,
    _post(),
    Column("n", Integer, nullable=False),
    _run(),
    _instant("seen_at"),
    _text("body"),
    PrimaryKeyConstraint("post", "n"),
)

raws = Table(
    "raws",
    metadata,
    _post(),
    _text("raw_sha256"),
    Column("data", LargeBinary, nullable=False),
    Column("published_at", Instant(), server_default=text("0"), nullable=False),
    PrimaryKeyConstraint("post", "raw_sha256"),
)
"""``published_at`` is its post's. In PostgreSQL it divides the table by months and is part of the primary key (``partitions``)."""

categories = Table(
    "categories",
    metadata,
    Column("post", CleanText(), ForeignKey("posts.key"), primary_key=True),
    _text("category"),
    _run(),
)

pictures = Table(
    "pictures",
    metadata,
    Column("sha256", CleanText(), primary_key=True),
    _text("dhash"),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    _text("same_as"),
    _text("similar_to"),
)
Index("ix_pictures_same_as", pictures.c.same_as)

picture_texts = Table(
    "picture_texts",
    metadata,
    _text("sha256"),
    _text("ocr_version"),
    _text("body"),
    PrimaryKeyConstraint("sha256", "ocr_version"),
)

post_pictures = Table(
    "post_pictures",
    metadata,
    _post(),
    Column("n", Integer, nullable=False),
    _text("state"),
    _text("reason"),
    _text("sha256"),
    _text("ocr_version"),
    Column("start", Integer, nullable=False),
    PrimaryKeyConstraint("post", "n"),
)
Index("ix_post_pictures_sha256", post_pictures.c.sha256)

findings = Table(
    "findings",
    metadata,
    _run(),
    Column("n", Integer, nullable=False),
    _text("key"),
    _text("rule_id"),
    _text("strength"),
    _text("unit"),
    _text("post"),
    _text("body"),
    PrimaryKeyConstraint("run_id", "n"),
)
Index("ix_findings_key", findings.c.key)
Index("ix_findings_post", findings.c.post)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("finding_key"),
    _text("action"),
    _text("decided_by"),
    _instant("at"),
    _text("note"),
    _instant("recorded_at"),
)
Index("ix_decisions_key", decisions.c.finding_key)

observations = Table(
    "observations",
    metadata,
    _run(),
    _text("account"),
    _account(nullable=True),
    _text("state"),
    _text("body"),
    PrimaryKeyConstraint("run_id", "account"),
)

costs = Table(
    "costs",
    metadata,
    _run(),
    _text("platform"),
    _text("source"),
    _text("attempt"),
    Column("requests", BigInteger, nullable=False),
    Column("posts_billed", BigInteger, nullable=False),
    Column("users_billed", BigInteger, nullable=False),
    Column("usd", Float, nullable=False),
    PrimaryKeyConstraint("run_id", "platform", "source", "attempt"),
)

manifest_parts = Table(
    "manifest_parts",
    metadata,
    _run(),
    Column("n", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run_id", "n"),
)

purges = Table(
    "purges",
    metadata,
    Column("id", Integer, primary_key=True),
    _instant("raw_before", nullable=True),
    _instant("posts_before", nullable=True),
)

documents = Table(
    "documents",
    metadata,
    _run(),
    _text("edition"),
    _text("format"),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run_id", "edition", "format"),
)

mails = Table(
    "mails",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("message_id"),
    _text("run_id"),
    _text("edition"),
    _text("recipient"),
    Column("wire", LargeBinary, nullable=False),
    _text("state"),
    Column("tries", Integer, nullable=False),
    _instant("next_at", nullable=True),
    Column("smtp_code", Integer),
    _text("detail"),
    _instant("created_at"),
    _instant("changed_at", nullable=True),
    Column("own_copy", Boolean, nullable=False),
    UniqueConstraint("message_id", name="uq_mails_message_id"),
    UniqueConstraint("run_id", "edition", "recipient", name="uq_mails_reader"),
)
Index("ix_mails_state", mails.c.state)

letters = Table(
    "letters",
    metadata,
    Column("letter_id", CleanText(), primary_key=True, nullable=False),
    _text("outcome"),
    _text("code"),
    _text("body"),
    _instant("read_at"),
)
Index("ix_letters_read_at", letters.c.read_at)
Index("ix_letters_code", letters.c.code)

mailbox_readings = Table(
    "mailbox_readings",
    metadata,
    Column("id", Integer, primary_key=True),
    _instant("at"),
    _text("problem"),
)

audit = Table(
    "audit",
    metadata,
    Column("n", BigInteger, nullable=False, autoincrement=False),
    _instant("at"),
    _text("kind"),
    _text("run_id"),
    _text("body"),
    _text("previous"),
    _text("sha256"),
    PrimaryKeyConstraint("n"),
)
"""See ``audit``. In PostgreSQL a trigger of the migration guards it in the same way."""
Index("ix_audit_run", audit.c.run_id, audit.c.kind)
for _guard in (
    "CREATE TRIGGER audit_in_order BEFORE INSERT ON audit WHEN NEW.n IS NOT (SELECT coalesce(max(n), 0) + 1 FROM audit) "
    "BEGIN SELECT RAISE(ABORT, 'audit entries are only added at the end'); END",
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
    "BEGIN SELECT RAISE(ABORT, 'audit entries are never removed'); END",
):
    event.listen(audit, "after_create", DDL(_guard).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here

mailbox_marks = Table(
    "mailbox_marks",
    metadata,
    Column("mailbox", CleanText(), primary_key=True, nullable=False),
    Column("uid", BigInteger, nullable=False),
)
"""The last mail of each mailbox (with its IMAP UIDVALIDITY) that needs no second look."""
