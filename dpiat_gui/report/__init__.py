"""The report: one self-contained HTML page about a matching and the transfer it stands for."""
