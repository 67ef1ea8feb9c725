-- Grain: one row per row of the landed file: its content hash and its place in the file.
-- From: one landed Parquet file.   To: temp.batch.
-- Rule: the hash covers the landed text of every contract column, so typing can change without making new versions.
insert into batch
with landed as (
    select {{landed}}, file_row_number as place_in_file
    from read_parquet($file, file_row_number = true, hive_partitioning = false)
)
select {{content_hash}}, place_in_file
from landed
