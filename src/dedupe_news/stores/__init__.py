"""Where an index keeps its documents."""
