/** Splits that others made, as line files: training sequences, and test cases `prefix<TAB>target` (SR-GNN and its like). */
import { basename } from 'node:path';
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { counted } from '../counted.ts';
import { noFields } from '../side-information.ts';
import { Vocabulary } from '../vocabulary.ts';
import { hashSequences } from './hash-sequences.ts';
import { makeSequenceSplit } from './make-split.ts';
import { type NestedCases, nestCases } from './nested-cases.ts';
import { itemSupport, lengthOf, nSequences, selectSequences } from './select-sequences.ts';
import { type SequenceSplit, unknownItemRules } from './sequence-data.ts';
import { IdRegister, readTokenLines, type TokenLines } from './sequence-lines.ts';
import type { PrefixCases, Sequences } from './sequences.ts';

export const prefixFilesOptions = z.strictObject({
  method: z.literal('prefix-files'),
  train: z.string().min(1).meta({ doc: 'file with a training sequence a line, oldest first: ids between spaces' }),
  test: z.string().min(1).meta({ doc: 'file with a test case a line: the ids so far, a tab, the id that came next' }),
  validation: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .meta({ doc: 'share of the training sequences, the last ones of the file, to validate on (then not trained on)' }),
  trainShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .meta({ doc: 'share of the training sequences to use, the last ones of the file' }),
  unknownItems: z
    .enum(unknownItemRules)
    .default('miss')
    .meta({ doc: 'targets that training does not have: removed, or counted as misses' }),
  name: z.string().min(1).optional().meta({ doc: 'name of the data; default: the training file' }),
});
type PrefixFilesOptions = Omit<z.input<typeof prefixFilesOptions>, 'method'>;

/**
 * Reads the two files. The order of the training file is taken for the order of time, since the files have no times.
 * @throws DeepTasteError `data`: a file, a line of it (with its number)
 */
export async function loadPrefixFiles(options: PrefixFilesOptions): Promise<SequenceSplit> {
  const parsed = parseOptions(prefixFilesOptions, { method: 'prefix-files', ...options }, 'prefix files');
  const register = new IdRegister();
  const trainLines = await readTokenLines(parsed.train, false, register);
  const nTrainIds = register.ids.length;
  const testLines = await readTokenLines(parsed.test, true, register);
  const { ids, place } = inOwnOrder(register.ids, nTrainIds);
  const items = new Vocabulary(ids);
  const all = sequencesOfLines(trainLines, items.size);
  const test = sequencesOfLines(testLines, items.size);
  const cases: PrefixCases = {
    prefixes: { ...test, items: test.items.map((item) => place[item]) },
    target: testLines.target.map((item) => place[item]),
  };
  return splitLines({ items, all, cases }, parsed);
}

interface Lines {
  readonly items: Vocabulary;
  /** All lines of the training file. */
  readonly all: Sequences;
  readonly cases: PrefixCases;
}

function splitLines({ items, all, cases }: Lines, options: z.output<typeof prefixFilesOptions>): SequenceSplit {
  const { validation, trainShare, unknownItems } = options;
  const n = nSequences(all);
  const first = n - Math.round(n * trainShare);
  const cut = n - Math.round(n * validation * trainShare);
  if (cut === first) throw emptyTraining(n, trainShare, validation);
  const held = selectSequences(all, (s) => s >= cut);
  const train = selectSequences(all, (s) => s >= first && s < cut);
  const support = itemSupport(train);
  const nested = nestCases(cases, (item) => support[item] > 0);
  const single = Array.from({ length: n }, (_, s) => s).filter((s) => lengthOf(all, s) === 1).length;
  return makeSequenceSplit({
    data: {
      name: options.name ?? basename(options.train).replace(/\.gz$/, ''),
      items,
      itemFields: noFields(items.size),
      by: 'line',
      users: null,
      hash: hashSequences(items, withSessions(all, nested)),
      warnings:
        single > 0 ? [`${options.train}: ${counted(single, 'sequence')} of one event, from which nothing follows`] : [],
    },
    train,
    validation: validation > 0 ? held : null,
    test: nested,
    whole: () =>
      joined(
        selectSequences(all, (s) => s >= first),
        nested.sequences,
      ),
    withoutValidation: validation > 0 ? () => splitLines({ items, all, cases }, { ...options, validation: 0 }) : null,
    unknownItems,
    description: { method: 'prefix-files', trainShare, validation },
  });
}

function sequencesOfLines({ start, tokens }: TokenLines, nItems: number): Sequences {
  return { nItems, start, items: tokens, time: null, owner: null };
}

/** The sequences of one, then those of the other. */
function joined(a: Sequences, b: Sequences): Sequences {
  const items = new Int32Array(a.items.length + b.items.length);
  items.set(a.items);
  items.set(b.items, a.items.length);
  const later = b.start.subarray(1).map((event) => event + a.items.length);
  return { ...a, start: Int32Array.from([...a.start, ...later]), items };
}

/** Ids that training has as they are; the others by their text, so that the order of the test lines is of no consequence. */
function inOwnOrder(ids: readonly string[], nFirst: number): { ids: string[]; place: Int32Array } {
  const others = Array.from(ids.keys()).slice(nFirst);
  others.sort((a, b) => (ids[a] < ids[b] ? -1 : 1));
  const place = Int32Array.from(ids.keys());
  others.forEach((old, n) => {
    place[old] = nFirst + n;
  });
  return { ids: [...ids.slice(0, nFirst), ...others.map((old) => ids[old])], place };
}

/**
 * Training sequences and the test sessions with their targets, so that the fingerprint is of both files: an event that no case
 * asks for ends a piece, and an empty piece follows each session.
 */
function withSessions(train: Sequences, { sequences, isTarget }: NestedCases): Sequences {
  const items = new Int32Array(train.items.length + sequences.items.length);
  items.set(train.items);
  items.set(sequences.items, train.items.length);
  const ends = [...train.start];
  for (let s = 0; s < nSequences(sequences); s++) {
    for (let event = sequences.start[s]; event < sequences.start[s + 1]; event++)
      if (isTarget[event] === 0) ends.push(train.items.length + event + 1);
    const end = train.items.length + sequences.start[s + 1];
    ends.push(end, end);
  }
  return { ...train, start: Int32Array.from(ends), items };
}

function emptyTraining(n: number, trainShare: number, validation: number): DeepTasteError {
  return new DeepTasteError(
    'data',
    `prefix files: a training sequence must be left, found none of ${n} with trainShare ${trainShare} and validation ${validation}; use more`,
  );
}
