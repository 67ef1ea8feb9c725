"""The revisions, oldest first; `warehouse.decisions.store.REVISIONS` names them."""
