"""URLs -> their canonical form, the works and repositories that they identify, and warnings about them."""
