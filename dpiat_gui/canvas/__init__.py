"""Drawing the matching: layout, blocks, edges, view and gestures; emits intents, edits nothing."""
