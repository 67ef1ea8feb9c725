-- Grain: what a build leaves for the next one; made when a build begins.
-- From: nothing.   To: schema register.
-- Rule: build says whether the last one ended; change keeps, for ever, what became of ids that were once given out. issue
-- is what the landing zone holds of ids that were given out, one row per record, change or alias and issue; issue_file
-- names the files it was read from; issued_alias tells what the ids mean now that no longer are the id of a thing.
create schema if not exists register;

create table if not exists register.build (
    state varchar not null,
    facts varchar not null
);

create table if not exists register.change (
    thing varchar not null,
    old_id varchar not null,
    new_id varchar,
    reason varchar not null,
    reason_zh varchar not null,
    reason_en varchar not null,
    known_at timestamp
);

create table if not exists register.address (
    raw varchar not null,
    key varchar,
    block varchar,
    village_key varchar,
    building_key varchar,
    door_key varchar,
    road varchar,
    door varchar,
    building varchar,
    unit varchar,
    floor varchar,
    room varchar,
    ambiguous boolean not null,
    reason varchar
);

create table if not exists register.applied_correction (
    kind varchar not null,
    obs_key varchar not null,
    attribute varchar not null,
    value varchar,
    correction_id varchar not null,
    corrected_at timestamp not null
);

create table if not exists register.issue (
    seq integer not null,
    what varchar not null,
    thing varchar not null,
    obs_key varchar,
    id varchar not null,
    new_id varchar,
    reason varchar,
    known_at timestamp
);

create table if not exists register.issue_file (file varchar not null);

create table if not exists register.issued_alias (
    thing varchar not null,
    id varchar not null,
    current_id varchar,
    reason varchar not null,
    since timestamp
);
