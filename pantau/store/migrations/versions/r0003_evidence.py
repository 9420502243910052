"""Which run and source saw a post last, absences not yet confirmed, manifests of runs, and what retention removed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add columns and tables. What earlier versions called vanished keeps its instant as the first absence."""
    op.add_column("posts", sa.Column("source", TEXT, nullable=True))
    op.add_column("sightings", sa.Column("missed_at", sa.BigInteger(), nullable=True))
    op.add_column("sightings", sa.Column("seen_run", TEXT, nullable=True))
    op.add_column("sightings", sa.Column("source", TEXT, nullable=True))
    op.create_index("ix_sightings_seen_run", "sightings", ["seen_run"])
    op.execute("UPDATE sightings SET missed_at = vanished_at WHERE vanished_at IS NOT NULL")
    op.create_table(
        "manifest_parts",
        sa.Column("run_id", TEXT, sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "n"),
    )
    op.create_table(
        "purges",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("raw_before", sa.BigInteger(), nullable=True),
        sa.Column("posts_before", sa.BigInteger(), nullable=True),
    )
