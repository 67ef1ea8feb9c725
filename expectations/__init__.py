"""What must be true: source contracts, the landing manifest and the error catalogue.

Nothing in this folder imports extractors, warehouse or dags: it is the language the others share.
"""
