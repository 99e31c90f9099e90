"""A question's way to a cited answer over a library of paper abstracts."""
