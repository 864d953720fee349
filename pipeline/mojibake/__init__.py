"""Mojibake -> the original text: which decoding chain truth -> bytes -> a wrong decoding made the text that we have."""
