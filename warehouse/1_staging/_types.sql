-- Grain: one macro per type of the contract; text in, value or NULL out, never an error.
-- From: a landed value, nulls already taken out.   To: version_insert.sql.
-- Rule: what is not clearly a value of the type stays untyped: `12万`, `约12`, `/`, `5,000000` are for a steward.

-- Full-width forms (U+FF01..U+FF5E, U+3000) to ASCII: the part of NFKC that codes, numbers and dates meet.
create or replace temp macro stage_width(v) as
    case when strlen(v) = length(v) then v else translate(v,
        '　！＂＃＄％＆＇（）＊＋，－．／０１２３４５６７８９：；＜＝＞？＠ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ［＼］＾＿｀ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ｛｜｝～',
        ' !"#$%&''()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~') end;

-- Blanks at both ends, the invisible ones too: no-break, figure and ideographic space, zero width, byte-order mark.
create or replace temp macro stage_trim(v) as
    trim(v, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160) || chr(8199) || chr(8203) || chr(8239)
        || chr(12288) || chr(65279));

create or replace temp macro stage_clean(v) as stage_trim(stage_width(v));

-- NULL for a value of blanks only. The cheap comparison keeps the trim away from values that cannot be blank.
create or replace temp macro stage_blank(v) as
    case when v < '!' or (v >= chr(160) and v < chr(161)) or (v >= chr(8192) and v < chr(8304))
            or (v >= chr(12288) and v < chr(12289)) or (v >= chr(65279) and v < chr(65280))
        then case when stage_trim(v) = '' then null else v end
        else v end;

-- One key column in its canonical form: width and blanks folded, the case kept (two codes may differ by it).
create or replace temp macro stage_key(v) as coalesce(stage_clean(v), '');

-- A part of a compound key: `|` joins the parts, so it is escaped inside them.
create or replace temp macro stage_key_part(v) as replace(replace(stage_key(v), '\', '\\'), '|', '\|');

-- `１２`, `1,234`, `386人次`, `12.0` (a spreadsheet's integer) are integers.
create or replace temp macro stage_integer(v) as
    case when regexp_full_match(v, '[+-]?[0-9]{1,19}') then try_cast(v as bigint)
        else try_cast(replace(regexp_extract(
            stage_clean(v),
            '^([+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+))(?:\.0+)? ?(?:人次|人|次|件|名|个|户)?$', 1
        ), ',', '') as bigint) end;

-- DECIMAL, not DOUBLE: sums do not depend on the order of rows or threads, and three engines agree to the digit.
-- `1,234.5`, `１.５`, `1e-05` (a float on the wire), `1200元` are decimals; 13 digits before the point are too many.
create or replace temp macro stage_decimal(v) as
    case when regexp_full_match(v, '[+-]?[0-9]{1,12}(\.[0-9]+)?') then try_cast(v as decimal(18, 6))
        else try_cast(replace(regexp_extract(
            stage_clean(v),
            '^([+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?) ?元?$', 1
        ), ',', '') as decimal(18, 6)) end;

create or replace temp macro stage_boolean(v) as
    case lower(stage_clean(v))
        when 'true' then true when '1' then true when 'y' then true when 'yes' then true when '是' then true
        when 'false' then false when '0' then false when 'n' then false when 'no' then false when '否' then false end;

-- One format of the contract, wall clock of Asia/Shanghai. A two-digit year is a mistake, not the first century.
create or replace temp macro stage_year(t) as case when year(t) between 1000 and 9999 then t end;
create or replace temp macro stage_moment(v, format) as
    stage_year(coalesce(try_strptime(v, format), try_strptime(stage_clean(v), format)));

-- A format without separators: `2022111` would otherwise pass as 1 November.
create or replace temp macro stage_moment_packed(v, format, digits) as
    stage_year(case when strlen(stage_clean(v)) = digits then try_strptime(stage_clean(v), format) end);

-- A format with a zone; `Z` is how the wire writes +0000.
create or replace temp macro stage_moment_zoned(v, format) as
    stage_year(timezone('Asia/Shanghai', try_strptime(regexp_replace(stage_clean(v), 'Z$', '+0000'), format)));

-- What stands before a value in the content that is hashed: its length in bytes and its name, `12=name:`. Both are NULL
-- for a NULL, and concat() passes over NULLs: a contract that gains a column leaves the hashes of records without it.
create or replace temp macro stage_mark(tag, v) as strlen(v) || tag;

-- A value the contract does not call null. Null words are compared as landed: ` null ` is not `null`, it is a finding.
create or replace temp macro stage_value(v, words) as
    case when list_contains(words, v) then null else stage_blank(v) end;

create or replace temp macro stage_given(v) as v is not null;

-- Nothing is lost: a value that does not type stands in `untyped` under its column's name, as landed.
create or replace temp macro stage_failed(v, typed) as (v is not null and typed is null);
create or replace temp macro stage_untyped(name, v, typed) as
    case when v is not null and typed is null then {'k': name, 'v': v} end;
create or replace temp macro stage_untyped_map(entries) as
    map_from_entries(list_filter(entries, lambda e: e is not null));

create or replace temp macro stage_returned(op, value) as case when op = 'upsert' then value end;

-- A source's clock within the range in which it can tell anything: stand-ins (1899-12-31, 9999-09-09, 2099-12-31) lie
-- outside. The range is fixed, so that what is newest never depends on which window was asked for, or when.
create or replace temp macro stage_clock(moment) as
    case when moment >= timestamp '1990-01-01' and moment < timestamp '2099-01-01' then moment end;

-- A change time that a contract left as text, or a month, which counts as its first day.
create or replace temp macro stage_clock_text(v) as
    coalesce(stage_moment(v, '%Y-%m-%d %H:%M:%S'), stage_moment_packed(v, '%Y%m', 6));

-- When a version became known: when it was seen, and not before it was made; to a backfill, on the night of its change,
-- whichever window brought it. A clock ahead of the reading counts as the reading.
create or replace temp macro stage_known(seen_at, changed_at, read_at, history) as
    case when changed_at is null then seen_at
        when history then date_trunc('day', least(changed_at, read_at)) + interval 1 day
        else greatest(seen_at, least(changed_at, read_at)) end;
