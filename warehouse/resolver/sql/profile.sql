-- Grain: one row per profile; `node` is its number within this run.
-- From: the observations at hand.   To: r_profile, or r_fresh_profile for those that a night brings.
-- Rule: tokens are compared for equality only, so 64 bits of each are kept; `first` orders profiles and never changes
--   with the order of rows.
create or replace temp table {{target}} as
select
    (row_number() over ())::integer as node
    , profile
    , n
    , first
    , columns(* exclude (profile, n, first))
from (
    select
        {{profile}} as profile
        , count(*)::integer as n
        , min(coalesce(changed_at::varchar, '9999') || ' ' || obs_key) as first
        , bool_or({{judged}}) as judged
        , any_value(case when id_token is not null then hash(id_token) end) as id
        , any_value(coalesce(id_check in ('valid', 'lifted'), false)) as id_valid
        , any_value(id_type) as id_type
        , any_value(id_birth) as id_birth
        , any_value(id_sex) as id_sex
        , any_value(id_division) as division
        , any_value(case when id_tail_token is not null then hash(id_tail_token) end) as tail
        , any_value(case when name_token is not null then hash(name_token) end) as name
        , any_value(case when name_sound_token is not null then hash(name_sound_token) end) as sound
        , any_value(case when name_chars_token is not null then hash(name_chars_token) end) as chars
        , any_value(case when surname_birth_token is not null then hash(surname_birth_token) end) as surname
        , any_value(case when given_sound_birth_token is not null then hash(given_sound_birth_token) end) as given
        , any_value(case when char1_birth_token is not null then hash(char1_birth_token) end) as char1
        , any_value(case when char2_birth_token is not null then hash(char2_birth_token) end) as char2
        , any_value(case when surname_idbirth_token is not null then hash(surname_idbirth_token) end) as surname_id
        , any_value(case when given_sound_idbirth_token is not null then hash(given_sound_idbirth_token) end) as given_id
        , any_value(case when char1_idbirth_token is not null then hash(char1_idbirth_token) end) as char1_id
        , any_value(case when char2_idbirth_token is not null then hash(char2_idbirth_token) end) as char2_id
        , any_value(case when sound_id_token is not null then hash(sound_id_token) end) as g_sound
        , any_value(case when chars_id_token is not null then hash(chars_id_token) end) as g_chars
        , any_value(case when given_sound_id_token is not null then hash(given_sound_id_token) end) as g_given
        , any_value(case when surname_char1_id_token is not null then hash(surname_char1_id_token) end) as g_char1
        , any_value(case when surname_char2_id_token is not null then hash(surname_char2_id_token) end) as g_char2
        , any_value(coalesce(name_rarity, '0')) as rarity
        , any_value(birth_date) as birth
        , any_value(nullif(nullif(sex, '0'), '9')) as sex
    from {{source}}
    group by 1
)
