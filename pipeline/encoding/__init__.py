"""Bytes -> text: the table of codecs, encoding detection, and how codecs are confused with each other."""
