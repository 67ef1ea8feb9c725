-- Grain: one row per section of GB/T 4754.
-- From: register.organisation, marts.dim_industry.   To: publish.
-- Rule: organisations in force that insure workers or are listed by trade; a head count under 10 was withheld at the edge
-- and is not in the sum.
with employer as (
    select coalesce(industry.section, 'unknown') as section, organisation.head_count
    from register.organisation as organisation
    left join marts.dim_industry as industry on industry.section = upper(substr(organisation.trade, 1, 1))
    where organisation.in_force
)
select
    section,
    count(*) as employers,
    count(head_count) as employers_with_head_count,
    cast(coalesce(sum(head_count), 0) as bigint) as insured
from employer
group by section
