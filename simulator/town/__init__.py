"""A simulated street: seeded, with real lives, real-looking paperwork, known defects and the truth beside it."""
