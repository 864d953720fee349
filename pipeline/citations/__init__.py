"""Documents -> what the archive knows by its links: the works it cites, and which post leads to which."""
