-- Grain: superseded, fresh, past, rejected, emptied: one row per version; finding: one row per failing row and rule; waived: one row per waiver.
-- From: nothing.   To: the statements of one entity.
-- Rule: temporary, emptied for each entity; made before the transaction, so that no DDL runs inside it.
create or replace temp table superseded (content_hash varchar not null);
create or replace temp table fresh (content_hash varchar not null);
create or replace temp table past (content_hash varchar not null);
create or replace temp table waived (place integer not null, source_record_id varchar, waiver varchar not null);
create or replace temp table finding (
    content_hash varchar not null,
    source_record_id varchar not null,
    place integer not null,
    shown varchar,
    emptied varchar[],
    waiver varchar
);
create or replace temp table rejected (content_hash varchar not null);
create or replace temp table emptied (content_hash varchar not null, columns varchar[] not null);
create or replace temp table rule (
    place integer not null,
    rule varchar not null,
    "column" varchar,
    severity varchar not null,
    effect varchar not null,
    owner_zh varchar not null,
    owner_en varchar not null
);
