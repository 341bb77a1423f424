"""What runs in the engine process: everything that needs torch, asked for in plain values."""
