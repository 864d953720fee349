"""Noto fonts for signs and scripts that no package on PyPI has: those of Debian, unchanged."""
