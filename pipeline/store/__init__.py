"""What a run keeps on disk: its state database, the ledger of its outputs, atomic writes."""
