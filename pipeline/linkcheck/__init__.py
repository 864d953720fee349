"""URLs of an archive -> the result of requesting each: opt-in, rate-limited, public addresses only."""
