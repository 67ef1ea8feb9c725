-- Grain: one row per version that a later one of its record has replaced.
-- From: a staged table.   To: temp.superseded.
-- Rule: the source's own time decides; one that lies in the future or before 1990 is a defect and counts as the time at
-- which the version became known. Of equals, a deletion wins, then what became known later, then the hash.
-- Records of several versions are found by a hash of their id: grouping texts costs twice the time and memory. A record
-- that only shares its hash with another is ranked alone, and nothing is written for it.
insert into superseded
with crowded as (
    select hash(source_record_id) as hashed from {{staged}} group by hashed having count(*) > 1
),
ranked as (
    select
        content_hash,
        row_number() over (
            partition by source_record_id
            order by
                case
                    when changed_at between timestamp '1990-01-01' and known_from + interval 1 day then changed_at
                    else known_from
                end desc,
                op = 'delete' desc,
                known_from desc,
                content_hash desc
        ) as place
    from {{staged}}
    where hash(source_record_id) in (select hashed from crowded)
)
select content_hash from ranked where place > 1
