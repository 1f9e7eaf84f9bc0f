/**
 * Deliberate breakages of models and training, each of which the measures of the other tests must notice: what a sound run
 * shows on the full checkerboard, no broken one may show.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/core/progress.ts';
import { rowOf, type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import { affine } from '../../src/engine/ops/index.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { isPairModel, type PairModel, pairModel } from '../../src/examples/pairs.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { modelsOf } from '../../src/models/index.ts';
import { trainModel } from '../../src/training/train.ts';
import { SIDE, smallSettings } from '../models/made-worlds.ts';
import { scorerOf } from '../models/scorer-of.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const sizes = { nUsers: SIDE, nItems: SIDE };
const cells = Array.from({ length: SIDE * SIDE }, (_, k) => [Math.floor(k / SIDE), k % SIDE]);

/** Users took the items of their own colour, or of the other one. */
function board(colour: 0 | 1): SparseRows {
  const taken = cells.filter(([user, item]) => (user + item) % 2 === colour);
  const column = (n: number) => Int32Array.from(taken, (pair) => pair[n]);
  return sparseRows(SIDE, column(0), column(1));
}

/** Who is next but one, of the same colour, for models that look at friends. */
const friends = sparseRows(
  SIDE,
  Int32Array.from({ length: 2 * SIDE }, (_, k) => k >> 1),
  Int32Array.from({ length: 2 * SIDE }, (_, k) => ((k >> 1) + (k % 2 ? 2 : SIDE - 2)) % SIDE),
);

/** A break acts on training only; scores are made by the sound model. */
interface Breakage {
  readonly model?: (sound: PairModel) => PairModel;
  readonly training?: object;
  readonly rows?: SparseRows;
}

/** Share of same-coloured items among the best SIDE / 2 of every user, and the losses of the first and the last epoch. */
async function train(sound: PairModel, { model: wrap = (m) => m, training: changes = {}, rows = board(0) }: Breakage) {
  const model = pairModel(wrap(sound));
  const config = model.options.parse(smallSettings(sound).config);
  const pace = { epochs: 30, batchSize: 128, rejectTaken: true, optimizer: { learningRate: 0.02, l2: 0 } };
  const training = resolveTraining(model, { ...pace, ...changes }).training;
  const data = { sizes, rows, friends };
  const request = { engine, model, config, training, data, seed: 1, progress: silent, fingerprint: 'mutation' };
  const { weights, log } = await trainModel<'pairs'>(request);
  const scorer = scorerOf(engine, { model: sound, config, sizes, weights }, rows);
  const tables = new RankingTables(engine, scorer.form, SIDE);
  const users = Int32Array.from({ length: SIDE }, (_, u) => u);
  const { topItems } = tables.rank({ users, topK: SIDE / 2 });
  tables.free();
  scorer.free();
  const right = topItems.filter((item, k) => (Math.floor(k / (SIDE / 2)) + item) % 2 === 0).length;
  return { right: right / topItems.length, firstLoss: log[0].loss, loss: log[log.length - 1].loss };
}

/** The graphs of MHCN alone tell the colours by a wide margin; that it learns is seen by how far the loss falls. */
const isSound = ({ right, firstLoss, loss }: Awaited<ReturnType<typeof train>>): boolean =>
  right === 1 && loss < 0.1 && loss < 0.5 * firstLoss;

const breakages: Readonly<Record<string, Breakage>> = {
  'labels are flipped': {
    model: (m) => ({ ...m, score: (...parts) => affine(m.score(...parts), -1) }),
  },
  'the step is forgotten': { training: { optimizer: { learningRate: 1e-30 } } },
  'the positives belong to others': { rows: board(1) },
  'negatives that the user took are not rejected': { training: { rejectTaken: false } },
  'the user is ignored': {
    model: (m) => ({
      ...m,
      userParts: (...given) => m.userParts(...given).map((part) => affine(part, 0, 1)),
    }),
  },
  'the item is ignored': {
    model: (m) => ({
      ...m,
      itemParts: (...given) => m.itemParts(...given).map((part) => affine(part, 0, 1)),
    }),
  },
  'user and item tables all start alike': {
    model: (m) => ({
      ...m,
      parameters: (...given) =>
        m.parameters(...given).map((p) => ({ ...p, initializer: { kind: 'constant', value: 0 } as const })),
    }),
  },
};

const gradientModels = modelsOf('pairs').filter(isPairModel);

describe.each(gradientModels)('$name', (model) => {
  it('learns the whole board when it is sound', async () => {
    expect(isSound(await train(model, {})), JSON.stringify(await train(model, {}))).toBe(true);
  });

  it.each(Object.keys(breakages))('is noticed when %s', async (name) => {
    expect(isSound(await train(model, breakages[name]))).toBe(false);
  });
});

it('the board tells colours apart', () => {
  expect([...rowOf(board(0), 1)].every((item) => item % 2 === 1)).toBe(true);
  expect([...rowOf(board(1), 1)].every((item) => item % 2 === 0)).toBe(true);
});
