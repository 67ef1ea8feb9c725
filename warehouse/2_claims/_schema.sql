-- Grain: the tables that say how claims were made, and how old a record is that lost versions to a purge; made when a
-- build begins, outside any transaction of it.
-- From: nothing.   To: schema claims.
-- Rule: one row per claim that a contract entity makes; another shape means that its claims are made anew. waiting: the
-- entities whose claims stayed as they were in the last build.
create schema if not exists claims;

create table if not exists claims.shape (
    claim varchar not null,
    source varchar not null,
    entity varchar not null,
    trust integer not null,
    shape varchar not null
);

create table if not exists claims.trust (
    claim varchar not null,
    source varchar not null,
    entity varchar not null,
    attribute varchar not null,
    trust integer not null
);

create table if not exists claims.origin (
    obs_key varchar not null,
    first_at timestamp not null,
    first_known timestamp not null
);

create table if not exists claims.waiting (
    source varchar not null,
    entity varchar not null,
    why varchar not null
);
