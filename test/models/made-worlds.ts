/** Tiny worlds with a known answer, and runs on them. */
import type { Dataset, Interactions, SocialGraph, Split } from '../../src/data/dataset.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { Model } from '../../src/examples/model.ts';
import { type TrainedRun, type TrainOptions, trainRecommender } from '../../src/runs/train-recommender.ts';
import type { RunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';

/** User row, item row. */
export type Pair = readonly [number, number];

const interactionsOf = (pairs: readonly Pair[]): Interactions => ({
  length: pairs.length,
  userIndex: Int32Array.from(pairs, ([user]) => user),
  itemIndex: Int32Array.from(pairs, ([, item]) => item),
  rating: null,
  time: null,
  session: null,
});

export interface MadeParts {
  readonly train: readonly Pair[];
  readonly validation?: readonly Pair[];
  readonly test?: readonly Pair[];
}

/** Everybody with training rows names the next but one of them, and every third the next. */
function madeFriends(train: readonly Pair[]): SocialGraph {
  const people = [...new Set(train.map(([user]) => user))].sort((a, b) => a - b);
  const edges = people.flatMap((from, n) => [
    ...(n + 2 < people.length ? [[from, people[n + 2]]] : []),
    ...(n % 3 === 0 && n + 1 < people.length ? [[from, people[n + 1]]] : []),
  ]);
  return {
    from: Int32Array.from(edges, ([from]) => from),
    to: Int32Array.from(edges, ([, to]) => to),
    weight: null,
  };
}

/** A split with the given pairs; ids are `user 3`, `item 5`, titles `Item no. 5`. */
export function madeSplit(nUsers: number, nItems: number, { train, validation = [], test = [] }: MadeParts): Split {
  const ids = (kind: string, n: number) => new Vocabulary(Array.from({ length: n }, (_, k) => `${kind} ${k}`));
  const titles = Array.from({ length: nItems }, (_, k) => `Item no. ${k}`);
  const dataset: Dataset = {
    name: 'made',
    users: ids('user', nUsers),
    items: ids('item', nItems),
    interactions: interactionsOf([...train, ...validation, ...test]),
    userFields: { nRows: nUsers, fields: [], title: null },
    itemFields: { nRows: nItems, fields: [{ name: 'name', kind: 'text', values: titles }], title: 'name' },
    social: madeFriends(train),
    schema: { columns: [] },
    hash: `made ${nUsers} × ${nItems}, ${train.length} + ${validation.length} + ${test.length}`,
    warnings: [],
  };
  return {
    dataset,
    train: interactionsOf(train),
    validation: validation.length > 0 ? interactionsOf(validation) : null,
    test: test.length > 0 ? interactionsOf(test) : null,
    validationCandidates: null,
    testCandidates: null,
    description: { method: 'made' },
  };
}

/** Side of the checkerboard. */
export const SIDE = 24;

const sameColour = ([user, item]: Pair): boolean => user % 2 === item % 2;

/** Even users took the even items and odd users the odd ones, except the item of their own number, which is withheld. */
export function checkerboard(side = SIDE, part: 'test' | 'validation' = 'test'): Split {
  const cells = Array.from({ length: side * side }, (_, k): Pair => [Math.floor(k / side), k % side]);
  const taken = cells.filter(sameColour);
  const isWithheld = ([user, item]: Pair): boolean => user === item;
  return madeSplit(side, side, {
    train: taken.filter((pair) => !isWithheld(pair)),
    [part]: taken.filter(isWithheld),
  });
}

/** Small sizes and a brisk pace; a model that is not listed runs with its own defaults. */
const smallConfig: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  gmf: { factors: 4, deviation: 0.1 },
  mlp: { factors: 4, hidden: [8, 4], deviation: 0.1 },
  neumf: { factors: 2, mlpFactors: 2, hidden: [8, 4], deviation: 0.1 },
  'bpr-mf': { factors: 4 },
  lightgcn: { factors: 4 },
  mhcn: { factors: 4 },
  ultragcn: { factors: 4, negativeWeight: 1, neighbourWeight: 0.1, deviation: 0.1 },
  irgan: { factors: 4 },
  kbgan: { factors: 4 },
  daso: { factors: 4, hidden: [8] },
  mf: { factors: 4 },
  ials: { factors: 4 },
  'biased-mf': { factors: 4 },
  svdpp: { factors: 4 },
  dscf: { factors: 4, hidden: [8], walks: 2, steps: 3, dropout: 0.1 },
  graphrec: { factors: 4, hidden: [8], cap: 4, dropout: 0.1 },
};

const brisk = { epochs: 15, batchSize: 128, optimizer: { learningRate: 0.02 } };

export function smallSettings(model: Model): Pick<RunSettings, 'config' | 'training'> {
  return { config: { ...smallConfig[model.name] }, training: model.learn.by === 'gradients' ? brisk : {} };
}

export interface RunChanges extends Partial<Omit<TrainOptions, 'engine' | 'split' | 'settings'>> {
  readonly config?: object;
  readonly training?: object;
  readonly evaluation?: object;
  readonly seed?: number;
}

/** Trains a model small; `changes` go over the small settings. */
export function trainSmall(engine: Engine, split: Split, model: Model, changes: RunChanges = {}): Promise<TrainedRun> {
  const small = smallSettings(model);
  const { config, training, evaluation, seed = 1, ...options } = changes;
  const settings = parseRunSettings({
    data: { simulated: {} },
    model: model.name,
    config: { ...small.config, ...config },
    training: { ...small.training, ...training },
    evaluation: { metrics: ['hr@1'], ...evaluation },
    final: false,
    seed,
  });
  // of the held-out pairs the recommender is to know nothing, so that it may be asked for them
  const alone = { ...split, dataset: { ...split.dataset, interactions: split.train } };
  return trainRecommender({ engine, split: alone, settings, ...options });
}
