"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create every table."""
    _accounts()
    _runs()
    _posts()
    _judgements()
    _output()


def _text(name: str, *more: sa.ForeignKey, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, TEXT, *more, nullable=nullable)


def _instant(name: str, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _run(name: str = "run_id", nullable: bool = False) -> "sa.Column[str]":
    return _text(name, sa.ForeignKey("runs.run_id"), nullable=nullable)


def _account(nullable: bool = False) -> "sa.Column[int]":
    return sa.Column("account_id", sa.Integer(), sa.ForeignKey("accounts.id"), nullable=nullable)


def _post() -> "sa.Column[str]":
    return _text("post", sa.ForeignKey("posts.key"))


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("platform"),
        _text("platform_id"),
        _text("handle"),
        _text("handle_key"),
        _text("seen_handle"),
        _text("seen_key"),
        _text("unit"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        _instant("read_until", nullable=True),
        _instant("last_post_at", nullable=True),
        _text("last_post_id"),
    )
    op.create_index("ix_accounts_handle", "accounts", ["platform", "handle_key"])
    op.create_index("ix_accounts_seen", "accounts", ["platform", "seen_key"])
    known = sa.text("platform_id != ''")
    op.create_index(
        "uq_accounts_platform_id",
        "accounts",
        ["platform", "platform_id"],
        unique=True,
        sqlite_where=known,
        postgresql_where=known,
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", TEXT, primary_key=True),
        _text("kind"),
        _instant("window_start"),
        _instant("window_end"),
        _instant("as_of"),
        _instant("started_at"),
        _text("status"),
        _instant("finished_at", nullable=True),
        sa.Column("exit_code", sa.Integer()),
        _text("summary"),
        sa.Column("frozen", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "run_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        _run(),
        _instant("at"),
        _text("name"),
        _text("detail"),
    )
    op.create_index("ix_run_events_run", "run_events", ["run_id"])
    op.create_table(
        "readings",
        _run(),
        _account(),
        _instant("checked_at"),
        _text("body"),
        sa.PrimaryKeyConstraint("run_id", "account_id"),
    )
    op.create_index("ix_readings_account", "readings", ["account_id", "checked_at"])


def _posts() -> None:
    op.create_table(
        "posts",
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
        sa.PrimaryKeyConstraint("published_at", "key"),
        sa.UniqueConstraint("key", name="uq_posts_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_posts_first_run", "posts", ["first_run"])
    op.create_index("ix_posts_changed_run", "posts", ["changed_run"])
    op.create_table(
        "sightings",
        _account(),
        _instant("published_at"),
        _text("post"),
        _instant("first_seen_at"),
        _instant("last_seen_at"),
        _instant("vanished_at", nullable=True),
        _run("vanished_run", nullable=True),
        sa.PrimaryKeyConstraint("account_id", "published_at", "post"),
        sa.ForeignKeyConstraint(["published_at", "post"], ["posts.published_at", "posts.key"]),
        sa.UniqueConstraint("post", "account_id", name="uq_sightings_post"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sightings_vanished_run", "sightings", ["vanished_run"])
    op.create_table(
        "post_versions",
        _post(),
        sa.Column("n", sa.Integer(), nullable=False),
        _run(),
        _instant("seen_at"),
        _text("body"),
        sa.PrimaryKeyConstraint("post", "n"),
    )
    op.create_table(
        "raws",
        _post(),
        _text("raw_sha256"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("post", "raw_sha256"),
    )
    op.create_table(
        "categories",
        sa.Column("post", TEXT, sa.ForeignKey("posts.key"), primary_key=True),
        _text("category"),
        _run(),
    )


def _judgements() -> None:
    op.create_table(
        "findings",
        _run(),
        sa.Column("n", sa.Integer(), nullable=False),
        _text("key"),
        _text("rule_id"),
        _text("strength"),
        _text("unit"),
        _text("post"),
        _text("body"),
        sa.PrimaryKeyConstraint("run_id", "n"),
    )
    op.create_index("ix_findings_key", "findings", ["key"])
    op.create_index("ix_findings_post", "findings", ["post"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("finding_key"),
        _text("action"),
        _text("decided_by"),
        _instant("at"),
        _text("note"),
        _instant("recorded_at"),
    )
    op.create_index("ix_decisions_key", "decisions", ["finding_key"])
    op.create_table(
        "observations",
        _run(),
        _text("account"),
        _account(nullable=True),
        _text("state"),
        _text("body"),
        sa.PrimaryKeyConstraint("run_id", "account"),
    )
    op.create_table(
        "costs",
        _run(),
        _text("platform"),
        _text("source"),
        _text("attempt"),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("posts_billed", sa.BigInteger(), nullable=False),
        sa.Column("users_billed", sa.BigInteger(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "platform", "source", "attempt"),
    )


def _output() -> None:
    op.create_table(
        "documents",
        _run(),
        _text("edition"),
        _text("format"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "edition", "format"),
    )
    op.create_table(
        "mails",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("message_id"),
        _text("run_id"),
        _text("edition"),
        _text("recipient"),
        sa.Column("wire", sa.LargeBinary(), nullable=False),
        _text("state"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _instant("next_at", nullable=True),
        sa.Column("smtp_code", sa.Integer()),
        _text("detail"),
        _instant("created_at"),
        _instant("changed_at", nullable=True),
        sa.Column("own_copy", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("message_id", name="uq_mails_message_id"),
        sa.UniqueConstraint("run_id", "edition", "recipient", name="uq_mails_reader"),
    )
    op.create_index("ix_mails_state", "mails", ["state"])
