-- Grain: one row: whether the quality tables are there.
-- From: the catalogue.   To: read.py.
-- Rule: a warehouse that was never judged has none, which is an error of the call and not an empty report.
select count(*) = 4
from duckdb_tables()
where schema_name = 'quality' and table_name in ('run', 'entity', 'result', 'quarantine')
