-- Grain: one row per present record that names an organisation.
-- From: temp.present_organisation.   To: organisation, links.
-- Rule: a credit code and the organisation code in its characters 9 to 17 are one organisation; without either, a name that
-- exactly one coded organisation bears is that one; else name and address are the organisation.
with coded as (
    select
        obs_key,
        regexp_replace(name, '[\s（）()·]', '', 'g') as plain_name,
        regexp_replace(address, '\s', '', 'g') as plain_address,
        case
            when register_credit_valid(credit_code) or register_organisation_valid(credit_code)
                then 'code|' || register_organisation_code(credit_code)
            when credit_code is not null then 'unsound|' || credit_code end as code_key
    from temp.present_organisation
),
named as (
    select plain_name, min(code_key) as code_key
    from coded
    where code_key is not null and plain_name is not null
    group by plain_name
    having count(distinct code_key) = 1
)
select
    coded.obs_key,
    register_id('O', coalesce(
        coded.code_key, named.code_key, 'name|' || coded.plain_name || '|' || coalesce(coded.plain_address, '')
    )) as organisation_id
from coded
left join named on named.plain_name = coded.plain_name
where coalesce(coded.code_key, coded.plain_name) is not null
