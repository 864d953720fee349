"""A web server for the browser of this machine: read and search the archive, decide what was inferred."""
