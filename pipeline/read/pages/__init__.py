"""A web page -> its article as Markdown: metadata, blocks, tables, code, notes, formulas, pictures."""
