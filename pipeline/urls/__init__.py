"""Addresses: their canonical form, the things they identify, and what can be wrong with them."""
