"""The numbers of the hashes that the model's tables are addressed by; plain integers, without numpy."""

from __future__ import annotations

ROLLING_FACTOR = 0x9E3779B97F4A7C15  # of the rolling hash: 2 ** 64 divided by the golden ratio, made odd
SPLITMIX64 = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # splitmix64 (Steele et al., 2014)


def key_salt(order: int, salt: int) -> int:
    """Return what is added to the rolling hashes of n-grams of the length `order` and the language `salt`."""
    return (salt * 16 + order) * 0xD1B54A32D192ED03 % 2**64
