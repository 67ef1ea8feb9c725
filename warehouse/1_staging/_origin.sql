-- Grain: origin: one row per record whose older versions were purged; purged: one row per entity that lost versions;
-- purge: one row per purge, source and entity.
-- From: the landing zone's `_purged.parquet`, warehouse/retention.   To: 2_claims, as_of.
-- Rule: times and counts only. A record keeps when it began, since its age decides which record anchors an id; nothing
-- before known_until may be asked any more.
create table if not exists ledger.origin (
    source varchar not null,
    entity varchar not null,
    source_record_id varchar not null,
    first_at timestamp not null,
    first_known timestamp not null
);

create table if not exists ledger.purged (
    source varchar not null,
    entity varchar not null,
    known_until timestamp not null,
    digest varchar not null
);

create table if not exists ledger.purge (
    purge_id varchar not null,
    night date not null,
    done_at timestamp not null,
    source varchar not null,
    entity varchar not null,
    retention varchar not null,
    kept_from date not null,
    versions bigint not null,
    records bigint not null,
    landed_rows bigint not null,
    files bigint not null,
    oldest date,
    newest date,
    problem varchar
);
