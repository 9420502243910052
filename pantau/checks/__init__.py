"""Judges posts by the rules of the catalogue. Is handed posts, units and situations; never opens the store."""
