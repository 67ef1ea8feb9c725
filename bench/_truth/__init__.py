"""The truth bench: the town loaded through the real wires, and what a warehouse made of it held against its truth."""
