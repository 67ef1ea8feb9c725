-- Grain: tombstone: one row per tombstone that concerns the entity; erased: one per row of a file, gone: one per version
-- that one names.
-- From: the decision store.   To: erased_insert.sql, erased_drop.sql, gone_insert.sql.
-- Rule: temporary; HMAC-SHA-256 (FIPS 198-1) with the padded keys as parameters, so that no key stands in any text.
create or replace temp table tombstone (digest varchar not null);
create or replace temp table erased (place bigint not null);
create or replace temp table gone (
    source varchar not null, entity varchar not null, source_record_id varchar not null, content_hash varchar not null
);
create or replace temp macro erased_digest(inner_key, outer_key, message) as
    sha256(outer_key || unhex(sha256(inner_key || encode(message))));
create or replace temp macro erased_record(inner_key, outer_key, source, entity, record_id) as
    erased_digest(inner_key, outer_key, concat('record', chr(31), source, '|', entity, '|', record_id));
create or replace temp macro erased_token(inner_key, outer_key, token) as
    case when token is not null then erased_digest(inner_key, outer_key, concat('token', chr(31), token)) end;
