/**
 * Every statement that history sends, as constants; what varies is a query parameter.
 *
 * Codecs were chosen on `container-1hz` rolled up to minutes (318,274 rows, bytes a row):
 * series ZSTD(3) 0.05 against T64 0.31; minute Delta 0.006 against DoubleDelta 0.011 and T64 0.18;
 * min ZSTD(3) 0.60 against Delta 0.66, FPC 0.79, Gorilla 1.01 (sum, max and last alike); count
 * Delta 0.011 against T64 0.047; batch Delta 0.018 against T64 0.16. Together about 4 bytes a row,
 * 0.07 a sample.
 */

export const createMigrations = `
CREATE TABLE IF NOT EXISTS migrations
(
    id UInt32,
    name String,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY id`;

export const createSettings = `
CREATE TABLE IF NOT EXISTS settings
(
    name String,
    value String,
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(changed_at)
ORDER BY name`;

/** What a series id stands for. A series that lives is written again once a day (`seen`). */
export const createSeries = `
CREATE TABLE IF NOT EXISTS series
(
    series UInt64,
    endpoint String,
    metric LowCardinality(String),
    tags Map(String, String),
    seen Date
)
ENGINE = ReplacingMergeTree(seen)
ORDER BY (metric, endpoint, series)
TTL seen + toIntervalDay(91)`;

/**
 * Rows of one (series, minute) combine: whatever part of a minute an insert holds, and however
 * late, sums add and extremes widen. `last` is (second, value), greatest first by second.
 *
 * `writer` and `batch` say which follower wrote a row, and in which of its batches last: they
 * answer, after a crash, which rows of a batch have arrived (`follower/apply-batch.ts`). The engine's own
 * deduplication can not: its log is written before the part is in place, and is not synced.
 *
 * `fsync_…`: the log may be freed once the cursor has passed, so an insert must be on disk when it
 * returns. Whole parts expire (`ttl_only_drop_parts`): a month lives until its last minute is too
 * old, which costs disk and no rewriting.
 */
export const createRollups = `
CREATE TABLE IF NOT EXISTS rollup_1m
(
    series UInt64 CODEC(ZSTD(3)),
    minute DateTime('UTC') CODEC(Delta, ZSTD(3)),
    writer UInt32 CODEC(ZSTD(3)),
    min SimpleAggregateFunction(min, Float64) CODEC(ZSTD(3)),
    max SimpleAggregateFunction(max, Float64) CODEC(ZSTD(3)),
    sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(3)),
    count SimpleAggregateFunction(sum, UInt64) CODEC(Delta, ZSTD(3)),
    last SimpleAggregateFunction(max, Tuple(UInt32, Float64)) CODEC(ZSTD(3)),
    batch SimpleAggregateFunction(max, UInt64) CODEC(Delta, ZSTD(3))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (series, minute, writer)
TTL minute + toIntervalDay(90)
SETTINGS
    non_replicated_deduplication_window = 1000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1`;

export const createDatabase = 'CREATE DATABASE IF NOT EXISTS {database:Identifier}';
export const selectDatabase = 'SELECT count() FROM system.databases WHERE name = {database:String}';

export const selectMigrations = 'SELECT DISTINCT id FROM migrations';
export const selectSetting = 'SELECT value FROM settings WHERE name = {name:String} ORDER BY changed_at DESC LIMIT 1';

/** Series outlive their last rollup by a day, so that no row is left without a name. */
export const alterRollupsTtl = 'ALTER TABLE rollup_1m MODIFY TTL minute + toIntervalDay({days:UInt16})';
export const alterSeriesTtl = 'ALTER TABLE series MODIFY TTL seen + toIntervalDay({days:UInt16})';

export const selectNewestMinute = 'SELECT toUnixTimestamp(max(minute)) FROM rollup_1m';

/** A row whose last batch is at least this one has this one in it: a writer's batches come in order. */
export const selectApplied = `
SELECT DISTINCT toString(series), toUnixTimestamp(minute)
FROM rollup_1m
WHERE minute IN (SELECT arrayJoin({minutes:Array(DateTime('UTC'))}))
  AND writer = {writer:UInt32}
  AND batch >= {batch:UInt64}`;

/** A tag that is missing reads as '' from a map, which is not the same as an empty tag. */
export const selectSeries = `
SELECT toString(series), endpoint, metric, tags
FROM series
WHERE metric IN {metrics:Array(String)}
  AND (empty({endpoints:Array(String)}) OR endpoint IN {endpoints:Array(String)})
  AND arrayAll((key, value) -> mapContains(tags, key) AND tags[key] = value,
               {tagKeys:Array(String)}, {tagValues:Array(String)})
LIMIT 1 BY series
LIMIT {limit:UInt32}`;

/** One row a series; bucket `i` begins at `origin + i × step` seconds. */
export const selectRange = `
SELECT toString(series), groupArray(bucket), groupArray(samples), groupArray(low), groupArray(high), groupArray(mean)
FROM
(
    SELECT
        series,
        intDiv(toInt64(toUnixTimestamp(minute)) - {origin:Int64}, {step:Int64}) AS bucket,
        sum(count) AS samples,
        min(min) AS low,
        max(max) AS high,
        sum(sum) / samples AS mean
    FROM rollup_1m
    WHERE series IN {series:Array(UInt64)}
      AND minute >= toDateTime({from:UInt32}, 'UTC')
      AND minute < toDateTime({to:UInt32}, 'UTC')
    GROUP BY series, bucket
)
GROUP BY series`;
