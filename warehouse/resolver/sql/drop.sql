-- Grain: a working table.
-- From: nothing.   To: nothing.
-- Rule: gone when the run is over.
drop table if exists temp.{{table}}
