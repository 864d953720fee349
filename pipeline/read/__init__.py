"""Bytes -> Document: finding sources and choosing their encoding."""
