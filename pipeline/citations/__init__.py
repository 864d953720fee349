"""Documents -> the works that they cite, and the graph of the links between posts."""
