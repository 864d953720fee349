"""Text -> how likely it is in a language, and which language it is in."""
