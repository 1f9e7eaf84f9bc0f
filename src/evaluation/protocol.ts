/** How a number was obtained. Numbers are comparable only when their protocols agree in all that changes a number's meaning. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { Metric } from './metric-name.ts';
import { tieRules } from './tie-groups.ts';

const splitValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.union([z.string(), z.number()]))]);

export const protocolSchema = z.strictObject({
  data: z.strictObject({ name: z.string(), hash: z.string().meta({ doc: 'SHA-256 of the cleaned interactions' }) }),
  split: z.object({ method: z.string() }).catchall(splitValue).meta({ doc: 'all that is needed to split alike again' }),
  part: z.enum(['validation', 'test']).meta({ doc: 'the held-out part that was ranked' }),
  candidates: z
    .union([
      z.literal('all'),
      z.strictObject({
        listed: z.string().meta({ doc: 'where the lists come from, e.g. "uniform, not taken by the user"' }),
        n: z.int().positive().meta({ doc: 'candidates of a user besides the held-out items' }),
      }),
    ])
    .meta({ doc: 'all items, or the listed (sampled) ones of a paper' }),
  filter: z
    .enum(['none', 'train', 'train+validation', 'history'])
    .meta({ doc: "the user's own items that are no candidates; history: those before the event to predict" }),
  tieRule: z.enum(tieRules).meta({ doc: 'rank of items that score the same' }),
  cutoffs: z.array(z.int().positive()).meta({ doc: 'every k that was computed, ascending' }),
  nUsers: z.int().nonnegative().meta({ doc: 'users evaluated; with nextItem: sequences' }),
  drawnUsers: z
    .strictObject({ of: z.int().positive(), seed: z.int().nonnegative() })
    .optional()
    .meta({ doc: 'the users evaluated were drawn from so many with this seed; absent: all were evaluated' }),
  takenBefore: z
    .strictObject({ n: z.int().positive(), of: z.int().positive() })
    .optional()
    .meta({ doc: 'of so many items to find, those that the person took before: lists leave them out, hence misses' }),
  untrained: z
    .strictObject({
      nUsers: z.int().nonnegative().meta({ doc: 'users of the part without training rows' }),
      nUserRows: z.int().nonnegative().meta({ doc: 'their held-out rows, repeated pairs once' }),
      users: z.enum(['left out', 'from fields']),
      nItems: z.int().nonnegative().meta({ doc: 'held-out items without training rows, of the other users' }),
      nItemRows: z.int().nonnegative().meta({ doc: 'held-out rows with such an item' }),
      items: z.enum(['misses', 'ranked last', 'from fields']),
    })
    .optional()
    .meta({
      doc: 'users and items of the part that training does not have, and what was done with them; absent: none',
    }),
  nextItem: z
    .strictObject({
      nEvents: z.int().positive().meta({ doc: 'events whose item was to be predicted' }),
      nMisses: z.int().nonnegative().meta({ doc: 'of these, items unknown to training, which count as misses' }),
    })
    .optional()
    .meta({ doc: 'the next event of a sequence was predicted; means are over events' }),
  seed: z.int().nonnegative().meta({ doc: 'seed of the run' }),
  versions: z.strictObject({ deeptaste: z.string(), node: z.string(), kernels: z.string() }),
});

export type Protocol = z.output<typeof protocolSchema>;

/** One field in which two protocols differ; `field` is a dotted path such as `split.method`. */
export interface ProtocolDifference {
  readonly field: string;
  readonly a: unknown;
  readonly b: unknown;
}

/**
 * Throws `protocol`, naming every field that differs, unless numbers of the two protocols may be compared. Returns, as notes,
 * differences that do not stand in the way: seed, versions, another name of the same data.
 * @param metric when only this metric is to be compared, its cutoff has to be in both; else the cutoffs have to be the same
 */
export function assertComparable(a: Protocol, b: Protocol, metric: Metric | null = null): ProtocolDifference[] {
  const differences = protocolDifferences(a, b);
  const isNote = ({ field }: ProtocolDifference) =>
    field === 'seed' ||
    field.startsWith('versions.') ||
    field.startsWith('untrained.') || // of the same split; whether users are left out shows in nUsers
    (field === 'data.name' && a.data.hash === b.data.hash) ||
    (field === 'cutoffs' && metric !== null && hasCutoff(a, metric) && hasCutoff(b, metric));
  const refusals = differences.filter((difference) => !isNote(difference));
  if (refusals.length > 0)
    throw new DeepTasteError(
      'protocol',
      `compare: runs must be evaluated alike, found ${refusals.map(describeDifference).join('; ')}; evaluate them again with the same settings`,
      { differences: refusals },
    );
  return differences;
}

/** All fields that differ, in the order of the record. */
export function protocolDifferences(a: Protocol, b: Protocol): ProtocolDifference[] {
  const inA = flatten(a);
  const inB = flatten(b);
  return [...new Set([...inA.keys(), ...inB.keys()])]
    .map((field) => ({ field, a: inA.get(field), b: inB.get(field) }))
    .filter((difference) => JSON.stringify(difference.a) !== JSON.stringify(difference.b));
}

/** `split.method: "ratio" ≠ "leave-one-out"`; a field that one side lacks reads `absent`. */
export function describeDifference({ field, a, b }: ProtocolDifference): string {
  return `${field}: ${JSON.stringify(a) ?? 'absent'} ≠ ${JSON.stringify(b) ?? 'absent'}`;
}

function hasCutoff(protocol: Protocol, metric: Metric): boolean {
  return metric.k === null || protocol.cutoffs.includes(metric.k);
}

/** Dotted path → value, so that the order of keys is of no consequence. Lists stay whole. */
function flatten(value: object, prefix = ''): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [key, part] of Object.entries(value))
    if (part !== null && typeof part === 'object' && !Array.isArray(part))
      for (const [path, leaf] of flatten(part, `${prefix}${key}.`)) flat.set(path, leaf);
    else flat.set(prefix + key, part);
  return flat;
}
