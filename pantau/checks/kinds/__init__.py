"""One module per kind of rule: each finds the spans of one compiled rule in one post."""
