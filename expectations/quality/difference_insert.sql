-- Grain: one row per rule between sources and group: how many records each side has.
-- From: two accepted views.   To: quality.difference.
-- Rule: a group that one side does not know has 0 there; groups under $least differ by chance and are not called different.
insert into quality.difference
select
    $run_id, $night, $rule, coalesce(left_side.place, right_side.place),
    coalesce(left_side.records, 0), coalesce(right_side.records, 0),
    greatest(coalesce(left_side.records, 0), coalesce(right_side.records, 0)) >= $least
        and abs(coalesce(left_side.records, 0) - coalesce(right_side.records, 0))
            > $within * greatest(coalesce(left_side.records, 0), coalesce(right_side.records, 0))
from ({{left}}) as left_side
full join ({{right}}) as right_side on right_side.place = left_side.place
