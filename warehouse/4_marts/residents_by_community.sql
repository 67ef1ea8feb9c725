-- Grain: one row per community_code, age_band, sex and registration_kind.
-- From: marts.residents_by_grid.   To: publish.
-- Rule: The residents and the unconfirmed of residents_by_grid, summed over the grid cells of each community.
select
    community_code, age_band, sex, registration_kind,
    any_value(coverage) as coverage,
    cast(sum(residents) as bigint) as residents,
    cast(sum(residents_without_dwelling) as bigint) as residents_without_dwelling,
    cast(sum(unconfirmed) as bigint) as unconfirmed
from marts.residents_by_grid
group by community_code, age_band, sex, registration_kind
