"""Parts of the step `plain`: how the lines of a plain text are laid out, and what they are."""
