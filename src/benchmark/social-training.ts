/** Steps of DSCF and GraphRec in their literal form, with full lists of invented neighbours; the models' own expressions. */
import type { RandomStream } from '../core/random.ts';
import { input, square, subtract } from '../engine/ops/index.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { trainingPass } from '../layers/forward-pass.ts';
import { dscf } from '../models/dscf.ts';
import { graphrec } from '../models/graphrec.ts';
import { type NeighbourhoodScoring, pairLeaves } from '../scoring/neighbourhood-scorer.ts';
import { type ExampleSteps, exampleTraining } from './example-training.ts';
import { expectedDistinct, updateBytes } from './step-limit.ts';

export interface SocialSize {
  readonly nUsers: number;
  readonly nItems: number;
  readonly nLevels: number;
  /** Length of the vectors, units of a direction of the LSTM and of the attentions. */
  readonly dims: number;
  /** Hidden layers of the output. */
  readonly hidden: readonly number[];
  readonly batchSize: number;
  /** Examples of an epoch. */
  readonly examples: number;
}

export interface DscfSize extends SocialSize {
  readonly walks: number;
  readonly steps: number;
}

export interface GraphrecSize extends SocialSize {
  /** Rated items, friends and raters that are looked at, each. */
  readonly cap: number;
}

/** Ciao, with the settings of the papers. */
const ciao = { nUsers: 7375, nItems: 105_114, nLevels: 5, dims: 32, batchSize: 256, examples: 25_600 };
export const dscfSize: DscfSize = { ...ciao, walks: 5, steps: 10, hidden: [64, 32] };
export const graphrecSize: GraphrecSize = { ...ciao, cap: 30, hidden: [32, 16] };

/** What the entries of a list are: numbers below a count, or the same number throughout. */
type Entries = { readonly below: number } | { readonly always: number };

export function dscfTraining(engine: Engine, size: DscfSize, random: RandomStream): ExampleSteps {
  const { walks, steps, dims, hidden, nUsers, nItems, nLevels } = size;
  const config = dscf.options.parse({ factors: dims, hidden, walks, steps, biases: false });
  return socialTraining(engine, size, random, dscf, config, {
    walkUsers: { below: nUsers },
    walkItems: { below: nItems },
    walkLevels: { below: nLevels },
    // every walk has people on it, so nobody is alone
    walks: { always: 0 },
    alone: { always: -1 },
  });
}

export function graphrecTraining(engine: Engine, size: GraphrecSize, random: RandomStream): ExampleSteps {
  const { cap, dims, hidden, nUsers, nItems, nLevels } = size;
  const config = graphrec.options.parse({ factors: dims, hidden, cap, biases: false });
  return socialTraining(engine, size, random, graphrec, config, {
    ratedItems: { below: nItems },
    ratedLevels: { below: nLevels },
    friends: { below: nUsers },
    raters: { below: nUsers },
    raterLevels: { below: nLevels },
  });
}

function socialTraining<C>(
  engine: Engine,
  size: SocialSize,
  random: RandomStream,
  model: NeighbourhoodScoring<C>,
  config: C,
  entries: Readonly<Record<string, Entries>>,
): ExampleSteps {
  const { nUsers, nItems, nLevels, batchSize, examples, dims } = size;
  const leaves = pairLeaves(model, config);
  const label = input('label', [1]);
  const filled = (length: number, of: Entries): Int32Array =>
    Int32Array.from({ length: examples * length }, () => ('below' in of ? random.below(of.below) : of.always));
  const lists = Object.entries(leaves.lists).map(([name, leaf]) => ({ leaf, index: filled(leaf.size, entries[name]) }));
  const drawsOf = (count: number): number =>
    Object.entries(leaves.lists).reduce((sum, [name, { size: length }]) => {
      const of = entries[name];
      return 'below' in of && of.below === count ? sum + length : sum;
    }, 1);
  const touched = (count: number): number =>
    expectedDistinct(Array<number>(count).fill(1 / count), batchSize * drawsOf(count));
  const rows = touched(nUsers) + touched(nItems);
  return exampleTraining({
    engine,
    labels: Float32Array.from({ length: examples }, () => 4 * random.uniform() - 2),
    batchSize,
    random,
    cost: (flops) => ({ flops, bytes: updateBytes(rows * dims, 2) }),
    parameters: model.parameters(config, { nUsers, nItems, nLevels }),
    build: (p) => ({
      loss: square(subtract(model.score(p, leaves, config, trainingPass(random.child('noise'))), label)),
      label,
      slots: [
        { leaf: leaves.user, index: filled(1, { below: nUsers }) },
        { leaf: leaves.item, index: filled(1, { below: nItems }) },
        ...lists,
      ],
    }),
  });
}
