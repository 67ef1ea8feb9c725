-- Grain: one row per organisation_id.
-- From: register.organisation_winner, organisation_member, temp.present_organisation.   To: organisation_premises, marts.
-- Rule: GB 32100-2015 and GB 11714-1997; an old organisation code is lifted to the credit code that contains it.
with lifted as (
    select
        member.organisation_id,
        min(present.credit_code) filter (where register_credit_valid(present.credit_code)) as credit_code
    from register.organisation_member as member
    join temp.present_organisation as present on present.obs_key = member.obs_key
    group by member.organisation_id
)
select
    winner.organisation_id,
    coalesce(lifted.credit_code, winner.credit_code) as credit_code,
    case
        when coalesce(lifted.credit_code, winner.credit_code) is null then null
        else lifted.credit_code is not null or register_organisation_valid(winner.credit_code) end as code_is_sound,
    winner.number, winner.name, winner.kind, winner.trade, winner.street_code, winner.address, winner.head_count,
    winner.head_count_month,
    winner.in_force, winner.records, winner.sources, winner.first_seen, winner.last_seen, winner.known_from
from register.organisation_winner as winner
join lifted on lifted.organisation_id = winner.organisation_id
