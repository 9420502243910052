"""Raw answers know when their post was published; PostgreSQL keeps them by month."""

import sqlalchemy as sa
from alembic import op

from pantau.store.partitions import spread

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column more. In PostgreSQL the rows move into a table of partitions; it needs room for a second copy meanwhile."""
    if op.get_bind().dialect.name == "sqlite":
        op.add_column("raws", sa.Column("published_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
        op.execute("UPDATE raws SET published_at = (SELECT p.published_at FROM posts p WHERE p.key = raws.post)")
        return
    for statement in _BEFORE:
        op.execute(statement)
    spread(op.get_bind())
    for statement in _AFTER:
        op.execute(statement)


_BEFORE = (
    "ALTER TABLE raws RENAME TO raws_whole",
    "ALTER TABLE raws_whole RENAME CONSTRAINT raws_pkey TO raws_whole_pkey",
    'CREATE TABLE raws (post TEXT COLLATE "C" NOT NULL, raw_sha256 TEXT COLLATE "C" NOT NULL, data BYTEA NOT NULL, '
    "published_at BIGINT DEFAULT 0 NOT NULL, PRIMARY KEY (post, raw_sha256, published_at), "
    "FOREIGN KEY (post) REFERENCES posts (key)) PARTITION BY RANGE (published_at)",
    "CREATE TABLE raws_rest PARTITION OF raws DEFAULT",
)
_AFTER = (
    "INSERT INTO raws SELECT r.post, r.raw_sha256, r.data, p.published_at FROM raws_whole r JOIN posts p ON p.key = r.post",
    "DROP TABLE raws_whole",
)
