/** Random candidate lists: the held-out item is ranked among n items that the user never touched (He et al. 2017, §4.1). */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { RandomStream } from '../../core/random.ts';
import type { Interactions, Split } from '../dataset.ts';
import { rowOf, type SparseRows, sparseRows } from '../sparse-rows.ts';

const parts = ['validation', 'test'] as const;
type HeldOutPart = (typeof parts)[number];

export const candidateOptions = z.strictObject({
  n: z.int().min(1).default(99).meta({ doc: 'number of sampled items for each user' }),
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of the sampling' }),
  parts: z
    .array(z.enum(parts))
    .min(1)
    .optional()
    .meta({ doc: 'which parts get candidates; default: those with held-out rows and no candidates yet' }),
});
type CandidateOptions = z.input<typeof candidateOptions>;

/**
 * The split with candidates, drawn uniformly without replacement among the items that the user has in no part: neither
 * in training nor held out. A user who touched nearly all items gets the rest; such users are counted.
 * @throws DeepTasteError `config`: a part that has no held-out rows
 */
export function sampleCandidates(split: Split, options: CandidateOptions = {}): Split {
  const { n, seed, parts: told } = parseOptions(candidateOptions, options, 'candidates');
  const rowsOf = { validation: split.validation, test: split.test };
  const existing = { validation: split.validationCandidates, test: split.testCandidates };
  const wanted = told ?? parts.filter((part) => rowsOf[part] !== null && existing[part] === null);
  const touched = touchedItems(split);
  const lists: { [part in HeldOutPart]?: SparseRows } = {};
  const short: { [part in HeldOutPart]?: number } = {};
  for (const part of wanted) {
    const heldOut = rowsOf[part];
    if (!heldOut)
      throw new DeepTasteError('config', `candidates: the split has no ${part} rows to rank among candidates`);
    const sampled = samplePart(split, heldOut, touched, n, new RandomStream(seed, `candidates/${part}`));
    lists[part] = sampled.lists;
    short[part] = sampled.nShort;
  }
  const sampling = wanted.flatMap((part) => [
    [`${part}Candidates`, `${n} sampled uniformly among untouched items, seed ${seed}`],
    [`nUsersWithFewer${part === 'test' ? 'Test' : 'Validation'}Candidates`, short[part] ?? 0],
  ]);
  return {
    ...split,
    validationCandidates: lists.validation ?? split.validationCandidates,
    testCandidates: lists.test ?? split.testCandidates,
    description: { ...split.description, ...Object.fromEntries(sampling) },
  };
}

/** The items that each user has in any part. */
function touchedItems({ dataset, train, validation, test }: Split): SparseRows {
  const all = [train, validation, test].filter((rows) => rows !== null);
  const length = all.reduce((sum, rows) => sum + rows.length, 0);
  const user = new Int32Array(length);
  const item = new Int32Array(length);
  let at = 0;
  for (const rows of all) {
    user.set(rows.userIndex, at);
    item.set(rows.itemIndex, at);
    at += rows.length;
  }
  return sparseRows(dataset.users.size, user, item, true);
}

function samplePart(
  { dataset }: Split,
  heldOut: Interactions,
  touched: SparseRows,
  n: number,
  stream: RandomStream,
): { lists: SparseRows; nShort: number } {
  const nItems = dataset.items.size;
  // takenBy[item] = user + 1 when the item is not (or no longer) to be drawn for this user.
  const takenBy = new Int32Array(nItems);
  const users = Int32Array.from(new Set(heldOut.userIndex)).sort();
  const drawn = users.map((user) => Math.min(n, nItems - rowOf(touched, user).length));
  const total = drawn.reduce((a, b) => a + b, 0);
  const row = new Int32Array(total);
  const column = new Int32Array(total);
  let at = 0;
  for (const [k, user] of users.entries()) {
    const own = rowOf(touched, user);
    for (const item of own) takenBy[item] = user + 1;
    row.fill(user, at, at + drawn[k]);
    const draw = stream.child(dataset.users.idOf(user));
    drawUntaken(takenBy, user + 1, nItems - own.length, column.subarray(at, at + drawn[k]), draw);
    at += drawn[k];
  }
  return { lists: sparseRows(dataset.users.size, row, column), nShort: drawn.filter((count) => count < n).length };
}

/** Fills `out` with distinct items of the `nFree` that are not marked, each set equally likely. */
export function drawUntaken(
  takenBy: Int32Array,
  mark: number,
  nFree: number,
  out: Int32Array,
  stream: RandomStream,
): void {
  const nItems = takenBy.length;
  // Rejection is quick while most draws hit; otherwise a partial Fisher–Yates shuffle of what is left.
  if (out.length * 2 <= nFree && nFree * 4 >= nItems) {
    for (let k = 0; k < out.length; ) {
      const item = stream.below(nItems);
      if (takenBy[item] === mark) continue;
      takenBy[item] = mark;
      out[k++] = item;
    }
    return;
  }
  const items = Int32Array.from(takenBy.keys()).filter((item) => takenBy[item] !== mark);
  for (let k = 0; k < out.length; k++) {
    const pick = k + stream.below(items.length - k);
    out[k] = items[pick];
    items[pick] = items[k];
  }
}
