"""Pictures of posts, what is known of each file, and the words read off it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pictures",
        _text("sha256", primary_key=True),
        _text("dhash"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _text("same_as"),
        _text("similar_to"),
    )
    op.create_index("ix_pictures_same_as", "pictures", ["same_as"])
    op.create_table(
        "picture_texts",
        _text("sha256"),
        _text("ocr_version"),
        _text("body"),
        sa.PrimaryKeyConstraint("sha256", "ocr_version"),
    )
    op.create_table(
        "post_pictures",
        sa.Column("post", TEXT, sa.ForeignKey("posts.key"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _text("state"),
        _text("reason"),
        _text("sha256"),
        _text("ocr_version"),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("post", "n"),
    )
    op.create_index("ix_post_pictures_sha256", "post_pictures", ["sha256"])


def _text(name: str, *, primary_key: bool = False) -> "sa.Column[str]":
    return sa.Column(name, TEXT, nullable=False, primary_key=primary_key)
