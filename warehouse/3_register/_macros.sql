-- Grain: one macro per rule that several relations share.
-- From: nothing.   To: the files of this folder.
-- Rule: temporary, because code must never be older than the file.

-- An id says nothing of the thing: a digest of the record (or key) that anchors it, under a word of ours.
create or replace temp macro register_id(letter, anchor) as
    letter || left(sha256('street-base-register|' || letter || '|' || anchor), 20);

-- The source's own time, nothing else: when we came to know it never decides what was true. Staging leaves it empty
-- where no clock of the record can be used; such a version comes before all that have one.
create or replace temp macro register_at(changed_at) as coalesce(changed_at, timestamp '1990-01-01');

-- Up to when a record may say that it saw something: it cannot know what came after it, but for a day of other clocks.
create or replace temp macro register_seen(moment) as
    case when moment > timestamp '1990-01-01' then moment + interval 1 day else timestamp '9999-12-31' end;

-- Which claim wins, as one number, the smallest first: worth, then the latest, then the source's place, then the claim.
create or replace temp macro register_order(worth, moment, source_place, claim_id) as
    (((1000 - worth)::hugeint * 18014398509481984 + (18014398509481983 - epoch_us(moment))) * 1024 + source_place)
    * 1125899906842624 + (hash(claim_id) % 1125899906842624)::hugeint;

create or replace temp macro register_place(alphabet, c) as strpos(alphabet, c) - 1;

-- GB 32100-2015: weights 3^i mod 31; the last character brings the sum to 0 mod 31.
create or replace temp macro register_credit_valid(code) as
    regexp_full_match(code, '[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}')
    and list_sum(list_transform(
        range(0, 18),
        lambda i: [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1][i + 1]
            * register_place('0123456789ABCDEFGHJKLMNPQRTUWXY', code[i + 1])
    )) % 31 = 0;

-- GB 11714-1997: eight characters weighted 3 7 9 10 5 8 4 2 and a check character MOD 11, X for ten.
create or replace temp macro register_organisation_valid(code) as
    regexp_full_match(code, '[0-9A-Z]{8}[0-9X]')
    and (list_sum(list_transform(
        range(0, 8),
        lambda i: [3, 7, 9, 10, 5, 8, 4, 2][i + 1]
            * register_place('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', code[i + 1])
    )) + case when code[9] = 'X' then 10 else try_cast(code[9] as integer) end) % 11 = 0;

-- The organisation code (GB 11714) of a credit code stands in its characters 9 to 17.
create or replace temp macro register_organisation_code(code) as
    case when length(code) = 18 then code[9:17] when length(code) = 9 then code end;
