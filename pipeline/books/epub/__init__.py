"""Book -> its EPUB: package, contents, metadata, style and tables; files for devices."""
