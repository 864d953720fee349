"""Outcomes -> files for programs and for people: clean Markdown, reports, links, bibliography."""
