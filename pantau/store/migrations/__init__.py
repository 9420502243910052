"""Alembic's scripts, one per change of the tables; ``pantau.store.migrate`` applies them."""
