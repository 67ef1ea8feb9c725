-- Grain: one row per entity of a source that claims something.
-- From: every table of claims.   To: present.
-- Rule: the last word between equals goes by the source's key; a correction comes before all.
select source, entity, (row_number() over (order by source, entity))::integer as place
from (
    {{parts}}
)
