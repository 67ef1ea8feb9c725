-- Grain: one row per version that a later one of its record has replaced.
-- From: a staged table.   To: temp.superseded.
-- Rule: the source's own time decides; a version without one comes before all that have one. Of equals, a deletion wins,
-- then the hash.
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
                coalesce(changed_at, timestamp '1990-01-01') desc,
                op = 'delete' desc,
                content_hash desc
        ) as place
    from {{staged}}
    where hash(source_record_id) in (select hashed from crowded)
)
select content_hash from ranked where place > 1
