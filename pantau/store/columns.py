"""Kinds of columns that read the same in both databases: instants as integers, text by code point."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TEXT

from pantau.core.clock import to_utc
from pantau.store.texts import clean

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 (UTC). Raises ``ValueError`` for a naive datetime."""
    return (to_utc(moment) - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """The instant in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as integer microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To the database."""
        return None if value is None else to_us(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else from_us(value)


class CleanText(TypeDecorator[str]):
    """Text that both databases can hold, ordered by code point in both (PostgreSQL: collation "C")."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite orders by code point by itself."""
        return TEXT(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database, cleaned."""
        return None if value is None else clean(value)
