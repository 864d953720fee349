"""Documents -> disk: clean files, editions, records; every file replaced as a whole."""
