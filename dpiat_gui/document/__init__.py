"""The one mutable place: the current project, its undo history and the selection."""
