/**
 * Learning of values from a replay memory (Mnih et al. 2015): decisions are drawn uniformly with probability ε, which falls from 1, else they
 * are the best by the present weights; every few decisions a batch of remembered ones is learned from, against values by weights that are
 * renewed now and then.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { FastRandom } from '../../core/fast-random.ts';
import type { RandomStream } from '../../core/random.ts';
import { hiddenOption } from '../../layers/options.ts';
import type { Place } from '../worlds/world.ts';
import type { Learner, Outcomes, Situations } from './learner.ts';
import { outcomesOf, ReplayMemory } from './replay-memory.ts';
import { drawDifferent } from './uniform.ts';

/** Options that all learners of values share; decisions are counted over all people. */
export const replayOptions = z.strictObject({
  hidden: hiddenOption.default([64, 32]).meta({ doc: 'sizes of the hidden layers of each network' }),
  discount: z.number().min(0).lt(1).default(0.99).meta({ doc: 'γ: what a reward of the next decision counts today' }),
  learningRate: z.number().positive().default(0.0005).meta({ doc: 'η of Adam' }),
  batchSize: z.int().min(1).max(65_536).default(64).meta({ doc: 'remembered decisions of an update' }),
  memory: z.int().min(1).max(10_000_000).default(50_000).meta({ doc: 'decisions that are remembered' }),
  warmup: z.int().min(1).default(2000).meta({ doc: 'decisions before the first update' }),
  learnEvery: z.int().min(1).default(4).meta({ doc: 'decisions for one update' }),
  targetEvery: z.int().min(1).default(200).meta({ doc: 'updates after which the target network is renewed' }),
  exploration: z.int().min(0).default(20_000).meta({ doc: 'decisions over which ε falls from 1 to its last value' }),
  epsilon: z.number().min(0).max(1).default(0.02).meta({ doc: 'last value of ε, the share of slates that are drawn' }),
});
export type ReplayOptions = z.output<typeof replayOptions>;

/**
 * Networks begin near 0 and move by steps of about one size, so a value is unit × network + offset. With r̄ the mean reward of the warm-up and h
 * the share of its decisions after which people left, the offset is what a visit without any choice would bring, r̄ / (1 − γ (1 − h)): learned
 * from nothing, that would take a multiple of 1 / (1 − γ) renewals of the target network.
 */
export interface ValueScale {
  /** Mean |r|; 1 where all rewards are 0. */
  readonly unit: number;
  readonly offset: number;
}

/** Values of slates that are learned. */
export interface SlateValues {
  /** Best slate of each person by the present weights. @param shown [n × slate] */
  best(situations: Situations, shown: Int32Array): void;
  /** One step on a batch. */
  update(batch: Outcomes): void;
  readonly networks: {
    /** Set once, before the first update. */
    scale: ValueScale;
    renewTarget(): void;
    free(): void;
  };
}

export function replayLearner(
  place: Place,
  options: ReplayOptions,
  random: RandomStream,
  values: SlateValues,
): Learner {
  const { batchSize, discount, memory: capacity, warmup, learnEvery, targetEvery, exploration, epsilon } = options;
  if (warmup > capacity)
    throw new DeepTasteError(
      'config',
      `replay memory: the ${warmup} decisions of the warm-up must fit in, found room for ${capacity}; lower warmup or raise memory`,
    );
  const memory = new ReplayMemory(place, capacity);
  const batch = outcomesOf(place, batchSize);
  const [chance, draws] = [new FastRandom(random.child('exploration')), new FastRandom(random.child('memory'))];
  const pool = new Int32Array(place.actions);
  let [seen, rewards, sizes, ends, updates, isWarm] = [0, 0, 0, 0, 0, false];
  return {
    choose(situations, shown) {
      const share = Math.max(epsilon, seen < warmup ? 1 : 1 - ((1 - epsilon) * (seen - warmup)) / exploration);
      if (share < 1) values.best(situations, shown);
      for (let person = 0; person < situations.n; person++)
        if (share === 1 || chance.uniform() < share)
          shown.set(drawDifferent(pool, place.slate, chance), person * place.slate);
    },
    learn(outcomes) {
      memory.add(outcomes);
      const before = seen;
      seen += outcomes.before.n;
      if (!isWarm)
        for (let n = 0; n < outcomes.before.n; n++) {
          rewards += outcomes.reward[n];
          sizes += Math.abs(outcomes.reward[n]);
          ends += outcomes.isOver[n];
        }
      if (seen < warmup) return;
      if (!isWarm)
        values.networks.scale = {
          unit: sizes > 0 ? sizes / seen : 1,
          offset: rewards / seen / (1 - discount * (1 - ends / seen)),
        };
      isWarm = true;
      const due = Math.floor(seen / learnEvery) - Math.floor(Math.max(before, warmup) / learnEvery);
      for (let n = 0; n < due; n++) {
        memory.draw(batch, draws);
        values.update(batch);
        if (++updates % targetEvery === 0) values.networks.renewTarget();
      }
    },
    free: () => values.networks.free(),
  };
}
