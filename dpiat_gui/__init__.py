"""DPIAT matching inspector: match two networks, correct the match, carry the weights across."""
