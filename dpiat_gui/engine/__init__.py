"""The engine process: everything that needs torch, behind plain requests and answers."""
