"""Cleaned documents -> books: chapters as sanitized pandoc AST, written as EPUB and PDF."""
