-- Grain: the tables of the register that this package owns.
-- From: nothing.   To: register.person_member, person_edge, person_review, person_contested, person_alias, state.
-- Rule: made if they are not there; `component` says which rows are recomputed together.
create schema if not exists register;
create table if not exists register.person_member (
    obs_key varchar not null, person_id varchar not null, alike varchar not null, component ubigint not null
    , anchor_id varchar
);
alter table register.person_member add column if not exists anchor_id varchar;
create table if not exists register.person_edge (
    left_key varchar not null, right_key varchar not null, weight integer not null, rule varchar not null
    , levels varchar not null, component ubigint not null
);
create table if not exists register.person_review (
    case_id varchar not null, obs_key varchar not null, person_id varchar not null, evidence_zh varchar not null
    , evidence_en varchar not null, weight integer not null, levels varchar not null, component ubigint not null
    , anchor_id varchar
);
alter table register.person_review add column if not exists anchor_id varchar;
create table if not exists register.person_contested (
    id_token varchar not null, obs_key varchar not null, why varchar not null, component ubigint not null
);
create table if not exists register.person_alias (
    person_id varchar not null, current_person_id varchar, reason varchar not null, since timestamp
);
create table if not exists register.person_block (key ubigint not null, component ubigint not null);
alter table register.person_block add column if not exists open boolean;
create table if not exists register.person_said (
    obs_key varchar not null, profile ubigint not null, house ubigint, household ubigint, changed_at timestamp
    , component ubigint not null
);
create table if not exists register.person_profile (
    profile ubigint not null, obs_key varchar not null, judged boolean, id ubigint, id_valid boolean, id_type varchar
    , id_birth date, id_sex varchar, division varchar, tail ubigint, name ubigint, sound ubigint, chars ubigint
    , surname ubigint, given ubigint, char1 ubigint, char2 ubigint, surname_id ubigint, given_id ubigint
    , char1_id ubigint, char2_id ubigint, g_sound ubigint, g_chars ubigint, g_given ubigint, g_char1 ubigint
    , g_char2 ubigint, rarity varchar, birth date, sex varchar, component ubigint not null
);
create table if not exists register.person_hub (id ubigint not null);
create table if not exists register.person_judged (
    judgement_id varchar not null, left_key varchar not null, right_key varchar not null, verdict varchar not null
);
create table if not exists register.person_state (model varchar not null, engine varchar not null);
