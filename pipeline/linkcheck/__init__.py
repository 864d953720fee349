"""The web -> what it says of each URL of an archive: opt-in, gentle, and never a private address."""
