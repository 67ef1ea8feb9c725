"""One module per source system: how its records come out of the life of a grid, or of the street as a whole."""
