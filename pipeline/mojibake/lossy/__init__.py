"""Mojibake whose bytes are partly gone: diagnosis, candidates, beam search, rescoring."""
