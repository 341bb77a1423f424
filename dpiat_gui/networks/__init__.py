"""What a network is here, and where one comes from."""
