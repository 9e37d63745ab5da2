-- The account of a touchpoint's customer, by its derived id: an account's history is read by it.
ALTER TABLE touchpoints ADD COLUMN IF NOT EXISTS account_id String CODEC(ZSTD(1)) AFTER account;
ALTER TABLE touchpoints ADD INDEX IF NOT EXISTS by_account account_id TYPE bloom_filter(0.01) GRANULARITY 1;
