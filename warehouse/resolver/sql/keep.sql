-- Grain: that of the rows handed over.
-- From: r_arrow, rows of this process.   To: the temporary table named.
-- Rule: as they are.
create or replace temp table {{table}} as select * from r_arrow
