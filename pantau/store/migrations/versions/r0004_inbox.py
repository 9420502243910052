"""Mails that were read from our own mailbox, and when it was read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "letters",
        sa.Column("letter_id", TEXT, nullable=False, primary_key=True),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_letters_read_at", "letters", ["read_at"])
    op.create_index("ix_letters_code", "letters", ["code"])
    op.create_table(
        "mailbox_readings",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("problem", TEXT, nullable=False),
    )
