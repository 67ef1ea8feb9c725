"""How the tables of the decision store came to be, one revision a file; `python -m warehouse.decisions migrate`."""
