-- Grain: one row per month.
-- From: prepared.count_monthly.   To: publish.
-- Rule: registrations of let buildings, for the whole street: the source sends no figure of 1 to 9, so the sums are
-- lower bounds and the buildings with a withheld figure stand beside them.
select
    month,
    cast(sum(records) as bigint) as buildings,
    cast(sum(records_withheld) as bigint) as buildings_withheld,
    cast(sum(moved_in) as bigint) as moved_in,
    cast(sum(moved_out) as bigint) as moved_out,
    cast(sum(renewed) as bigint) as renewed
from prepared.count_monthly
where kind = 'let_rooms'
group by month
