"""How far each mailbox has been read."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "mailbox_marks",
        sa.Column("mailbox", TEXT, nullable=False, primary_key=True),
        sa.Column("uid", sa.BigInteger(), nullable=False),
    )
