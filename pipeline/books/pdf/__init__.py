"""Book -> its tagged PDF: Typst markup, front matter, notes, pictures and tables."""
