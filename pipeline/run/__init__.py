"""How a flow runs: one document, many processes, a whole archive."""
