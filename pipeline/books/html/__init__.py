"""Raw HTML of a post -> nodes of a pandoc AST, for what a browser would show."""
