-- Grain: the ledger's tables; made once per warehouse file, outside any load.
-- From: nothing.   To: ledger.*, schema staging.
-- Rule: one row in ledger.load per load that ever entered, with figures that explain every row of the source.
create schema staging;
create schema ledger;

create table ledger.meta (name varchar primary key, value varchar not null);

create table ledger.load (
    load_id varchar primary key,
    source varchar not null,
    entity varchar not null,
    file varchar not null,
    window_begin timestamp not null,
    window_end timestamp not null,
    contract_version varchar not null,
    token_key varchar not null,
    source_total bigint not null,
    landed bigint not null,
    dropped map(varchar, bigint),
    rejected map(varchar, bigint),
    "new" bigint not null,
    known bigint not null,
    deletes bigint not null,
    untyped bigint not null,
    closed bigint,
    "returned" bigint,
    snapshot boolean not null,
    partial boolean not null,
    floor_held boolean not null,
    loaded_at timestamp not null,
    duration double not null
);

-- Which shape (columns, types, key form) an entity's table was made in.
create table ledger.shape (source varchar not null, entity varchar not null, shape varchar not null);

-- Which versions a load of a snapshot entity held: the evidence that closings are derived from.
create table ledger.presence (
    source varchar not null,
    entity varchar not null,
    load_id varchar not null,
    source_record_id varchar not null,
    content_hash varchar not null
);
