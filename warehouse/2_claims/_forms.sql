-- Grain: one macro per type of claims.yml.
-- From: nothing.   To: claim_insert.
-- Rule: one thing, one form, whatever the source writes; a value that has no such form is no claim. Temporary, because
-- code must never be older than the file.
create or replace temp macro claim_text(v) as nullif(trim(v::varchar), '');
create or replace temp macro claim_code(v) as nullif(trim(v::varchar), '');
create or replace temp macro claim_token(v) as nullif(trim(v::varchar), '');
create or replace temp macro claim_integer(v) as try_cast(v as bigint);
create or replace temp macro claim_decimal(v) as try_cast(v as decimal(18, 6));
create or replace temp macro claim_date(v) as try_cast(v as date);
create or replace temp macro claim_datetime(v) as try_cast(v as timestamp);
create or replace temp macro claim_boolean(v) as try_cast(v as boolean);

-- `CC030FF0-…`, `cc030ff0…` and `{CC030FF0-…}` are one identifier.
create or replace temp macro claim_guid(v) as nullif(regexp_replace(lower(v::varchar), '[^0-9a-f]', '', 'g'), '');

-- `440111-017-014-001` and a code of 20 digits that ends in the office's own numbering are the cell of 15 digits.
create or replace temp macro claim_grid(v) as nullif(left(regexp_replace(v::varchar, '[^0-9]', '', 'g'), 15), '');

create or replace temp macro claim_credit(v) as
    nullif(regexp_replace(upper(v::varchar), '[^0-9A-Z]', '', 'g'), '');

-- `202211`, `2022-11`, `2022-11-05` are November 2022.
create or replace temp macro claim_month(v) as
    try_strptime(left(regexp_replace(v::varchar, '[^0-9]', '', 'g'), 6), '%Y%m')::date;

-- What a version says depends on what a rule emptied of it: emptied otherwise, it is another claim.
create or replace temp macro claim_id(source, entity, content_hash, blanked) as
    md5(source || '|' || entity || '|' || content_hash || coalesce('|' || array_to_string(blanked, '|'), ''));

create or replace temp macro claim_key(source, entity, record) as md5(source || '|' || entity || '|' || record);
