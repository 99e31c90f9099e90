"""A file's way into the library: read, split, embed, add."""
