-- Grain: one row per section of GB/T 4754.
-- From: register.organisation, marts.dim_industry, prepared.coverage.   To: publish.
-- Rule: Organisations in force on the night that bear a number of the employers' register, by the first letter of their
-- trade (`unknown` without one from A to T): insured sums the head counts of 10 and more, the employers without such a
-- count (fewer than 10, or none told) stand beside, and it is empty where no employer has one.
with employer as (
    select coalesce(industry.section, 'unknown') as section, organisation.head_count
    from register.organisation as organisation
    left join marts.dim_industry as industry on industry.section = upper(substr(organisation.trade, 1, 1))
    where organisation.in_force and organisation.number is not null
)
select
    employer.section,
    coalesce(any_value(coverage.coverage), 0) as coverage,
    count(*) as employers,
    count(employer.head_count) as employers_with_head_count,
    count(*) - count(employer.head_count) as employers_without_head_count,
    cast(sum(employer.head_count) as bigint) as insured
from employer
left join prepared.coverage as coverage on coverage.subject = 'employer' and coverage.span = 'night'
group by employer.section
