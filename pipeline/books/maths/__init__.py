"""Formulas of a post -> formulas that every book format can set; the others stay as they are written."""
