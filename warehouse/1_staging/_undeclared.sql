-- Grain: one row per load and field that the source sent beside the contract, with the rows that had it.
-- From: the manifests.   To: expectations/quality/undeclared.sql, the report.
-- Rule: names and counts only; what the fields held was dropped in the decoder.
create table if not exists ledger.undeclared (
    source varchar not null,
    entity varchar not null,
    load_id varchar not null,
    field varchar not null,
    rows bigint not null
);
