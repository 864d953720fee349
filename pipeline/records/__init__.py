"""Outcomes -> files for people and programs: clean Markdown, reports, links, bibliography."""
