"""Files -> documents: find the files, read their bytes, choose their encoding."""
