"""Documents -> which documents are duplicates, and of which document."""
