"""The migrations in order: ``rNNNN_*.py``, with the same four digits as revision."""
