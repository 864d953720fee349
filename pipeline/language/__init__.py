"""How likely is this text? What language it is in."""
