"""Bytes <-> text: the codecs, how they were confused, and which of them a file was written in."""
