"""06: clues to unpaid wages, from export jobs."""
