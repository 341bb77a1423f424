"""Qt without widgets of our own: jobs, the engine's client, settings, theme, icons, crash reports."""
