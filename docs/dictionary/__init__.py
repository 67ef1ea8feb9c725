"""The data dictionary as a static site: every mart with its grain, columns, lineage, example queries and their answers.

`build_dictionary` draws it from the declarations and the lineage, and from a published file what readers would see.
Alone: python -m docs.dictionary [--published FILE]
"""

from docs.dictionary.build import DictionarySummary, build_dictionary

__all__ = ["DictionarySummary", "build_dictionary"]
