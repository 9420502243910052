"""``make fuzz``: every parser against inputs that nobody meant, each with an oracle. See ``__main__``."""
