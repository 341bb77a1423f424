"""How well two networks match: scores, dynamic programming, overrides, similarity."""
