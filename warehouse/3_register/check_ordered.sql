-- Grain: one row: spans that end before they begin, spans in all.
-- From: a link.   To: checked.py.
-- Rule: an open span has no end.
select count(*) filter (where {{to}} < {{from}}), count(*)
from register.{{table}}
