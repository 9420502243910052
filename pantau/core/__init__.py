"""The nouns, settings, errors and clock that every stage shares. Imports nothing but the standard library and msgspec."""
