/**
 * A process of its own that trains a model on made data and ranks by it: prints what was estimated and by how much the memory of the
 * process grew at most, in bytes. Arguments: a model, its options and the settings of its training as JSON, a divisor of the data.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { FieldExamples } from '../../src/data/features/field-examples.ts';
import type { EncodedField, FieldLayout, FieldOwner, FieldRows } from '../../src/data/features/field-rows.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { rankingTables } from '../../src/engine/runtime/large-tables.ts';
import { rankEvents } from '../../src/evaluation/next-item/rank-events.ts';
import { targetEvents } from '../../src/evaluation/next-item/target-events.ts';
import type { Forms } from '../../src/examples/forms.ts';
import type { AnyModel, Model } from '../../src/examples/model.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { findModel } from '../../src/models/index.ts';
import { trainModel } from '../../src/training/train.ts';

const random = new RandomStream(1, 'peak of training');
const below = (n: number, bound: number) => Int32Array.from({ length: n }, () => random.below(bound));

/** As large as makes the process itself small beside it. */
const divisor = Number(process.argv[5] ?? 1);
const SIZES = { nUsers: 60_000 / divisor, nItems: 20_000 / divisor, nPairs: 400_000 / divisor };

function pairsData(): Forms['pairs']['data'] {
  const { nUsers, nItems, nPairs } = SIZES;
  return { sizes: { nUsers, nItems }, rows: sparseRows(nUsers, below(nPairs, nUsers), below(nPairs, nItems), true) };
}

function sequencesData(): Forms['sequences']['data'] {
  const [nSequences, length, { nItems }] = [15_000, 20, SIZES];
  const start = Int32Array.from({ length: nSequences + 1 }, (_, s) => s * length);
  return { nItems, start, items: below(nSequences * length, nItems), time: null, owner: null };
}

function rowsData(): Forms['rows']['data'] {
  const { nUsers, nItems } = SIZES;
  const nRows = 100_000;
  const sizes: [string, FieldOwner, number][] = [
    ['user', 'user', nUsers],
    ['item', 'item', nItems],
    ...Array.from({ length: 8 }, (_, n): [string, FieldOwner, number] => [`context ${n}`, 'context', 5000]),
  ];
  let firstRow = 0;
  const slotOf: Record<string, number> = {};
  const fields = sizes.map(([name, owner, n]): EncodedField => {
    const firstSlot = slotOf[owner] ?? 0;
    slotOf[owner] = firstSlot + 1;
    const field = { name, owner, firstRow, nRows: n, firstSlot, slots: 1, weighted: false };
    firstRow += n;
    return field;
  });
  const layout: FieldLayout = { fields, nRows: firstRow, crosses: [], nCrossRows: 0 };
  const own = (owner: FieldOwner, n: number): FieldRows => {
    const of = fields.filter((field) => field.owner === owner);
    const index = Int32Array.from({ length: n * of.length }, (_, at) => {
      const field = of[at % of.length];
      return field.firstRow + (owner === 'context' ? random.below(field.nRows) : Math.floor(at / of.length));
    });
    return { nRows: n, slots: of.length, index, value: null };
  };
  const examples: FieldExamples = {
    nRows,
    user: below(nRows, nUsers),
    item: below(nRows, nItems),
    label: Float32Array.from(below(nRows, 2)),
    users: own('user', nUsers),
    items: own('item', nItems),
    context: own('context', nRows),
    crosses: null,
  };
  return { layout, examples };
}

const engine = new Engine({ threads: 1, blas: 'off' });

interface Work {
  readonly estimate: number;
  run(): Promise<void>;
}

function workOf<F extends keyof Forms>(
  model: Model<unknown, F>,
  data: Forms[F]['data'],
  about: Forms[F]['about'],
  rank: (scorer: Forms[F]['scorer']) => void,
): Work {
  const { learn } = model;
  const config = model.options.parse(JSON.parse(process.argv[3] ?? '{}'));
  const { training } = resolveTraining(model, JSON.parse(process.argv[4] ?? '{}'));
  const estimate =
    learn.by === 'solver'
      ? learn.memory(data, config, engine)
      : learn.memory({ engine, config, training: training ?? {}, data });
  const run = async () => {
    const request = { engine, model, config, training, data, seed: 1, progress: silent, fingerprint: '' };
    const validate = (scorer: Forms[F]['scorer']): number => {
      rank(scorer);
      return 1;
    };
    const { weights } = await trainModel({ ...request, validate });
    const scorer = model.scorerOf(() => engine, { config, weights, about });
    rank(scorer);
    scorer.free();
  };
  return { estimate: estimate.total, run };
}

function workFor(model: AnyModel): Work {
  if (model.form === 'pairs') {
    const data = pairsData();
    const { sizes, rows } = data;
    return workOf(model, data, { sizes, history: rows }, ({ form }) => {
      const tables = rankingTables(engine, form, sizes.nItems);
      // the lists of some people, with what all of them took left out
      tables.rank({ users: Int32Array.from({ length: 50 }, (_, user) => user), excluded: rows, topK: 10 });
      tables.free();
    });
  }
  if (model.form === 'sequences') {
    const data = sequencesData();
    const part = { ...data, start: data.start.slice(0, 51) };
    const targets = targetEvents({ kind: 'sequences', sequences: part });
    return workOf(model, data, { nItems: data.nItems }, (scorer) => void rankEvents(scorer, targets));
  }
  const data = rowsData();
  return workOf(model, data, { layout: data.layout }, ({ logits }) => void logits(data.examples));
}

const { estimate, run } = workFor(findModel(process.argv[2]));
const isLinux = process.platform === 'linux';
// what starting took at most is no part of it: Linux forgets the highest resident size on request (proc(5), clear_refs)
if (isLinux) writeFileSync('/proc/self/clear_refs', '5');
const before = process.memoryUsage.rss();
await run();
const grown = highestRss() - before;
process.stdout.write(JSON.stringify({ estimate, grown }));
engine.close();

/** Bytes. */
function highestRss(): number {
  if (!isLinux) return process.resourceUsage().maxRSS * 1024;
  return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
