-- How often the number of partitions had changed when a touchpoint was accepted. A customer may be on another partition
-- since, where offsets are lower: of two arrivals the one of the earlier generation is the first.
ALTER TABLE touchpoints ADD COLUMN IF NOT EXISTS generation UInt16 CODEC(ZSTD(1)) AFTER offset;

ALTER TABLE touchpoints MODIFY COLUMN precedence UInt64
    MATERIALIZED 18446744073709551615 - offset - bitShiftLeft(toUInt64(generation), 48) CODEC(Delta, ZSTD(1));
