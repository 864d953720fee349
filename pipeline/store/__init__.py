"""What a run keeps on disk: its database, the list of its outputs, atomic writes."""
