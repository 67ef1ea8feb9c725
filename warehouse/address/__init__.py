"""Chinese addresses down to the room: elements with their places in the text, canonical keys, and doubts reported.

`parse` reads one address, `address_table` a column of them, `normalise` folds writing variants without moving anything.
The model of elements is that of GB/T 35639-2017, their codes those of GA/T 2000.32-2014 (elements.py).
Alone: python -m warehouse.address "…"
"""

from warehouse.address.bulk import address_table
from warehouse.address.elements import Address, Ambiguity, Element
from warehouse.address.normal import normalise
from warehouse.address.read import parse

__all__ = ["Address", "Ambiguity", "Element", "address_table", "normalise", "parse"]
