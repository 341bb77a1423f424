"""The window: actions, docks and dialogs."""
