-- Grain: one row per residual record and dwelling it might be (NULL: none is known).
-- From: temp.present_house, register.address, house_member, temp.house_refusal, temp.house_node.   To: the steward's pages.
-- Rule: ambiguous text, text that stands for two known dwellings, keys that contradict each other; never guessed.
with ambiguous as (
    select
        present.obs_key, null::varchar as house_id, 'ambiguous' as kind, present.address as subject,
        '地址有歧义：' || coalesce(address.reason, '') as evidence_zh,
        'the address can be read in two ways: ' || coalesce(address.reason, '') as evidence_en
    from temp.present_house as present
    join register.address as address on address.raw = present.address
    left join register.house_member as member on member.obs_key = present.obs_key
    where member.obs_key is null and address.ambiguous
),
incomplete as (
    select
        present.obs_key, null::varchar as house_id, 'incomplete' as kind, present.address as subject,
        '地址未写到房间' as evidence_zh, 'the address does not reach the room' as evidence_en
    from temp.present_house as present
    join register.address as address on address.raw = present.address
    left join register.house_member as member on member.obs_key = present.obs_key
    where member.obs_key is null and not address.ambiguous
),
touched as (
    select distinct refusal.space, refusal.key, refusal.stranded, member.house_id, refusal.cluster
    from temp.house_refusal as refusal
    join temp.house_node as node on node.cluster = refusal.cluster
    join register.house_member as member on member.obs_key = node.obs_key
),
contested as (
    -- Grouped per residual record: its candidates are the known dwellings with the same text or key.
    select
        node.obs_key, candidate.house_id,
        case when mine.stranded then 'contested' else 'refused' end as kind, mine.key as subject,
        case when mine.stranded then '同一地址对应多处已知房屋，本记录没有房屋编码'
            else '同一' || mine.space || '出现在编码互相矛盾的房屋上' end as evidence_zh,
        case when mine.stranded then 'the address stands for several known dwellings, and the record has no code'
            else 'one ' || mine.space || ' stands on dwellings whose codes contradict each other' end as evidence_en
    from touched as mine
    join temp.house_node as node on node.cluster = mine.cluster
    join touched as candidate
        on candidate.space = mine.space and candidate.key = mine.key and candidate.house_id <> mine.house_id
        and not candidate.stranded
    join (select cluster, min(obs_key) as obs_key from temp.house_node group by cluster) as first
        on first.cluster = mine.cluster
    -- Of two known dwellings one case, told at one of them.
    where mine.stranded or (node.obs_key = first.obs_key and mine.house_id < candidate.house_id)
),
house_review as (
    select * from ambiguous
    union all
    select * from incomplete
    union all
    select distinct * from contested
)
select
    md5(kind || '|' || obs_key) as case_id, kind, obs_key, house_id, subject, evidence_zh, evidence_en
from house_review
