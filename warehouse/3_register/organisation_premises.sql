-- Grain: one row per organisation_id and house_id.
-- From: register.organisation_member, house_member, temp.present_organisation.   To: marts.
-- Rule: the dwelling or room that the organisation's own records name; the latest is current.
with premises as (
    select
        organisation.organisation_id,
        house.house_id,
        min(present.first_at) as valid_from,
        max(present.moment) as last_seen,
        min(present.first_known) as known_from,
        bool_or(not present.ended) as in_force
    from register.organisation_member as organisation
    join register.house_member as house on house.obs_key = organisation.obs_key
    join temp.present_organisation as present on present.obs_key = organisation.obs_key
    group by organisation.organisation_id, house.house_id
)
select
    *,
    in_force and row_number() over (
        partition by organisation_id order by in_force desc, last_seen desc, house_id
    ) = 1 as is_current
from premises
