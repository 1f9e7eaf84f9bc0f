/** A small world of feature fields: users, items and contexts with plain, weighted and multi-valued fields, and crosses. */
import { RandomStream } from '../../src/core/random.ts';
import type { FieldExamples } from '../../src/data/features/field-examples.ts';
import type { EncodedField, FieldLayout, FieldOwner, FieldRows } from '../../src/data/features/field-rows.ts';

export const nUsers = 9;
export const nItems = 13;

let firstRow = 0;
const slotsSoFar = new Map<string, number>();
function field(name: string, owner: FieldOwner, nRows: number, slots = 1, weighted = false): EncodedField {
  const firstSlot = slotsSoFar.get(owner) ?? 0;
  slotsSoFar.set(owner, firstSlot + slots);
  const made = { name, owner, firstRow, nRows, firstSlot, slots, weighted };
  firstRow += nRows;
  return made;
}

const fields = [
  field('user', 'user', nUsers),
  field('tags', 'user', 5, 2),
  field('item', 'item', nItems),
  field('price', 'item', 1, 1, true),
  field('hour', 'context', 4),
];

const crosses: EncodedField[] = [
  { name: 'tags × hour', owner: 'context', firstRow: 0, nRows: 12, firstSlot: 0, slots: 2, weighted: false },
];

/** With crosses, and without. */
export const crossedLayout: FieldLayout = { fields, nRows: firstRow, crosses, nCrossRows: 12 };
export const layout: FieldLayout = { ...crossedLayout, crosses: [], nCrossRows: 0 };

/** Random rows of one owner; some slots are empty. */
function rowsOf(own: readonly EncodedField[], nRows: number, random: RandomStream, ids?: number): FieldRows {
  const slots = own.reduce((sum, f) => sum + f.slots, 0);
  const index = new Int32Array(nRows * slots);
  const value = new Float32Array(nRows * slots).fill(1);
  for (let r = 0; r < nRows; r++)
    for (const f of own)
      for (let s = 0; s < f.slots; s++) {
        const at = r * slots + f.firstSlot + s;
        index[at] = random.uniform() < 0.1 ? -1 : f.firstRow + random.below(f.nRows);
        if (f.nRows === ids) index[at] = f.firstRow + r;
        if (f.weighted) value[at] = random.uniform() - 0.3;
      }
  return { nRows, slots, index, value: own.some((f) => f.weighted) ? value : null };
}

export interface World {
  readonly users: FieldRows;
  readonly items: FieldRows;
  readonly examples: FieldExamples;
}

const ofOwner = (owner: FieldOwner) => fields.filter((f) => f.owner === owner);

/** @param n examples; a click is likely where user and item numbers agree in parity, more so at even hours */
export function makeWorld(n: number, seed = 1): World {
  const random = new RandomStream(seed, 'field world');
  const users = rowsOf(ofOwner('user'), nUsers, random, nUsers);
  const items = rowsOf(ofOwner('item'), nItems, random, nItems);
  const context = rowsOf(ofOwner('context'), n, random);
  const user = Int32Array.from({ length: n }, () => random.below(nUsers));
  const item = Int32Array.from({ length: n }, () => random.below(nItems));
  const label = Float32Array.from(user, (u, e) => {
    const chance = (u + item[e]) % 2 === 0 ? 0.9 - 0.1 * (context.index[e] & 1) : 0.15;
    return random.uniform() < chance ? 1 : 0;
  });
  const examples = { nRows: n, user, item, users, items, context, crosses: rowsOf(crosses, n, random), label };
  return { users, items, examples };
}

/** Small settings of every model, with every layer that it has. */
export const smallConfigs: Readonly<Record<string, readonly Record<string, unknown>[]>> = {
  lr: [{}],
  fm: [{ factors: 5, deviation: 0.3 }, { factors: 0 }],
  nfm: [
    { factors: 5, hidden: [6, 3], deviation: 0.3 },
    { factors: 3, hidden: [4], batchNorm: false, dropout: 0, bilinearDropout: 0, deviation: 0.3 },
    { factors: 3, hidden: [], deviation: 0.3 },
  ],
  'wide-deep': [
    { factors: 3, hidden: [6, 4], dropout: 0.2, batchNorm: true, deviation: 0.3 },
    { factors: 3, hidden: [5], deviation: 0.3, wideOptimizer: 'same' },
    { deep: false },
  ],
  deepfm: [
    { factors: 3, hidden: [6, 4], dropout: 0.2, deviation: 0.3 },
    { factors: 2, hidden: [5], batchNorm: false, dropout: 0, literalPaper: true, deviation: 0.3 },
    { factors: 4, deep: false, deviation: 0.3 },
  ],
  'auto-field': [
    { factors: 3, hidden: [6, 4], deviation: 0.3, fields: 3, searchEpochs: 2, scoreEvery: 2 },
    { factors: 2, hidden: [5], dropout: 0, batchNorm: false, deviation: 0.3, search: false, scoreEvery: 3 },
  ],
  'auto-fm': [
    { factors: 5, deviation: 0.3, searchEpochs: 3 },
    { factors: 3, deviation: 0.3, search: false },
  ],
  'auto-deepfm': [
    { factors: 3, hidden: [6, 4], deviation: 0.3, searchEpochs: 3 },
    { factors: 2, hidden: [5], batchNorm: false, dropout: 0, deviation: 0.3, search: false },
  ],
  'dcn-v2': [
    { factors: 3, hidden: [6, 4], crossLayers: 2, deviation: 0.3 },
    {
      factors: 2,
      hidden: [5],
      crossLayers: 2,
      rank: 3,
      structure: 'stacked',
      dropout: 0,
      batchNorm: true,
      deviation: 0.3,
    },
  ],
  'final-mlp': [
    { factors: 3, hidden1: [6, 4], hidden2: [6], heads: 2, gateHidden: [5], deviation: 0.3 },
    {
      factors: 2,
      hidden1: [4],
      hidden2: [6],
      heads: 1,
      gate: 'owner',
      gateHidden: [],
      batchNorm: false,
      deviation: 0.3,
    },
    { factors: 2, hidden1: [3], hidden2: [3], heads: 3, gate: 'none', dropout1: 0, dropout2: 0, deviation: 0.3 },
  ],
};
