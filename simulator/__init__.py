"""A town to practise on: one seeded street, and twelve wire servers that speak like the systems of a street office."""
