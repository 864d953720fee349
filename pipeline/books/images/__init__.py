"""Images of a post -> images of a book: found, verified, scaled, and set with their captions."""
