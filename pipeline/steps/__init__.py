"""Document -> Document: one file a step, pure."""
