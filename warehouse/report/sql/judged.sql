-- Grain: one row per source and entity: how many versions were judged up to $night.
-- From: quality.entity.   To: the ledger page.
-- Rule: the last run that got to the end knows all versions there are: those judged before and its new ones.
select source, entity, arg_max(known + rows_new, night) as judged
from quality.entity
where night <= cast($night as date)
group by source, entity
order by source, entity
