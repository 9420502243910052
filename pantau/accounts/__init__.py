"""What the office keeps: the register of units and accounts, its side files, and posting norms."""
