/**
 * A simulated log of interactions of any size, written to a Parquet file without ever being held in memory. Users and items are
 * popular by a power law, and each user mostly takes items of one cluster, so that there is something to learn.
 *
 * Row i is a pure function of (seed, i): 32-bit integer hashing (the finaliser "lowbias32" of C. Wellons, 2018), computed by
 * DuckDB in 64-bit integers, so that neither the number of threads nor the version of DuckDB changes a row.
 */
import { z } from 'zod';
import { parseOptions } from '../../core/options.ts';
import { Database, sqlText } from '../readers/database.ts';

const interactionLogOptions = z.strictObject({
  nInteractions: z.int().min(1).max(1_000_000_000).meta({ doc: 'rows; pairs may repeat, as in real logs' }),
  nUsers: z.int().min(1).max(100_000_000).meta({ doc: 'users to draw from' }),
  nItems: z.int().min(1).max(100_000_000).meta({ doc: 'items to draw from' }),
  nClusters: z.int().min(1).max(10_000).default(50).meta({ doc: 'clusters of taste; at most one for each item' }),
  loyalty: z.number().min(0).max(1).default(0.8).meta({ doc: "share of rows whose item is of the user's own cluster" }),
  itemSkew: z
    .number()
    .min(1)
    .max(10)
    .default(2.5)
    .meta({ doc: 'a: the item of rank r is drawn ∝ r^(1/a − 1); 1 = all alike' }),
  userSkew: z.number().min(1).max(10).default(1.5).meta({ doc: 'the same of users' }),
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of all draws' }),
});

type InteractionLogOptions = z.input<typeof interactionLogOptions>;

/** Seconds since 1970 of the first row, and the length of the log: two years. */
const FIRST_TIME = 1_672_531_200;
const SPAN_SECONDS = 2 * 365 * 86_400;
const MASK = '4294967295';

/**
 * Writes the columns `user`, `item` (integers from 0 on) and `time` (seconds), the times rising but for some jitter. Where there
 * are at least twice as many rows as items, every item has a debut in the first half, so that all of them occur.
 * @throws DeepTasteError `config`: an option
 */
export async function writeInteractionLog(path: string, options: InteractionLogOptions): Promise<void> {
  const sql = interactionLogSql(options);
  await Database.use((database) =>
    database.run(`COPY (${sql}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION snappy)`),
  );
}

/** The rows as an SQL query. */
export function interactionLogSql(options: InteractionLogOptions): string {
  const o = parseOptions(interactionLogOptions, options, 'simulated log');
  const nClusters = Math.min(o.nClusters, o.nItems);
  const perCluster = Math.floor(o.nItems / nClusters);
  const stride = Math.floor(o.nInteractions / 2 / o.nItems);
  const isDebut = stride > 0 ? `i % ${stride} = 0 AND i // ${stride} < ${o.nItems}` : 'false';
  const rank = (draw: string, n: number, skew: number) => `CAST(floor(${n} * pow(${draw}, ${skew})) AS BIGINT)`;
  const anywhere = `floor(${nClusters} * (d3 - ${o.loyalty}) / ${Math.max(1e-9, 1 - o.loyalty)})`;
  const cluster = `CASE WHEN d3 < ${o.loyalty} THEN taste ELSE CAST(${anywhere} AS BIGINT) % ${nClusters} END`;
  const user = `SELECT *, ${rank('d0', o.nUsers, o.userSkew)} AS u FROM (${draws(o.nInteractions, o.seed)})`;
  const taste = `SELECT *, u * 2654435 % 1000003 % ${nClusters} AS taste FROM (${user})`;
  const drawn = `SELECT *, ${rank('d1', perCluster, o.itemSkew)} * ${nClusters} + ${cluster} AS drawn FROM (${taste})`;
  return `SELECT CAST(u AS INTEGER) AS "user", CAST(CASE WHEN ${isDebut} THEN i // ${Math.max(1, stride)} ELSE drawn END AS INTEGER) AS item,
    ${FIRST_TIME} + CAST(floor(${SPAN_SECONDS} * (i + 1000 * d2) / ${o.nInteractions}) AS BIGINT) AS "time" FROM (${drawn})`;
}

/** Four numbers in [0, 1) for each row: d0 … d3. */
function draws(n: number, seed: number): string {
  const columns = [0, 1, 2, 3];
  const each = (formula: (x: string, k: number) => string, from: string) =>
    `SELECT i, ${columns.map((k) => `${formula(`x${k}`, k)} AS x${k}`).join(', ')} FROM (${from})`;
  const shift = (bits: number) => (x: string) => `xor(${x}, ${x} >> ${bits})`;
  const times = (factor: number) => (x: string) => `(${x} * ${factor}) & ${MASK}`;
  const start = `SELECT range AS i, ${columns.map((k) => `xor((range * 4 + ${k}) & ${MASK}, ${mixed(seed)}::BIGINT) AS x${k}`).join(', ')} FROM range(${n})`;
  const steps = [shift(16), times(0x21f0aaad), shift(15), times(0x735a2d97), shift(15)];
  const hashed = steps.reduce((from, step) => each(step, from), start);
  return `SELECT i, ${columns.map((k) => `x${k} / 4294967296.0::DOUBLE AS d${k}`).join(', ')} FROM (${hashed})`;
}

/** The same hash of the seed, so that neighbouring seeds share no rows. */
function mixed(seed: number): number {
  let x = (seed + 0x9e3779b9) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0;
  return (x ^ (x >>> 15)) >>> 0;
}
