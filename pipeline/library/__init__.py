"""Books -> a catalogue that e-readers browse: static OPDS files, and a feed of the posts."""
