"""Mojibake with missing bytes -> the original: diagnosis, lattice of candidates, beam search, rescoring."""
