"""Qt without widgets: jobs, the engine's client, settings, theme, icons, crash reports."""
