"""Markdown of a post -> the sanitized blocks of its chapter."""
