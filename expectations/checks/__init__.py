"""The verbs of the contracts: every kind of check, declared once as the condition of a bad row.

One small file per family. A kind is a function from the nouns of a contract (columns, codes, limits) to a DuckDB
condition over the staged columns that is true for a bad row, false for a good one and NULL where a value it speaks
of is missing; the check's null policy decides those. The same condition is what Great Expectations counts and what
labels the rows. Each function names the standard it holds the rows against.
"""
