/**
 * Interest evolution (Ie et al.: RecSim, arXiv:1909.04847; Ie et al.: SlateQ, IJCAI 2019, §5): people with a budget of time whose interests
 * move with what they watch, and items that give back time, or take it.
 *
 *   20 topics; interests u ~ U(−1, 1)²⁰; an item has one topic and lasts 4; means of quality m: −3 … 0 over the first 14 topics, 0 … 3 over the last 6
 *   choice      P(i) = v_i / (v_∅ + Σ_j v_j),  v_i = u_topic(i) + 1,  v_∅ = 2
 *   reward      w = min(budget, 4), the time watched
 *   interest    Δ = .3 (1 − |u_t|) (1 − u_t):  u_t ← u_t + Δ with probability (u_t + 1) / 2, else u_t − Δ;  kept within [−1, 1]
 *   budget      200 at first; − w + (.9 / 3.4) w q,  q ~ N(m_topic, .1);  − .5 where nothing is taken;  the person leaves at 0
 *
 * A policy knows the interests and the topics of the candidates, neither qualities nor the budget. Candidates are drawn anew for each
 * decision. Where paper and published code differ, the code is followed; the quality of an item, which nobody sees before, is drawn when it is
 * taken.
 */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { parseOptions } from '../../core/options.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Outcome, World } from './world.ts';

export const interestEvolutionOptions = z
  .strictObject({
    candidates: z.int().min(1).max(1000).default(10).meta({ doc: 'items that a decision chooses among' }),
    slate: z.int().min(1).max(20).default(2).meta({ doc: 'items that a decision shows' }),
  })
  .refine(({ candidates, slate }) => slate <= candidates, {
    path: ['slate'],
    message: 'Invalid input: a slate must not show more items than there are candidates',
  });

export type InterestEvolutionOptions = z.input<typeof interestEvolutionOptions>;

export const TOPICS = 20;
const TRASHY = 14;
const LENGTH = 4;
const NOTHING = 2;

/** m of each topic, evenly spaced in both parts. */
export const qualityOfTopic = Float64Array.from({ length: TOPICS }, (_, topic) =>
  topic < TRASHY ? -3 + (3 * topic) / (TRASHY - 1) : (3 * (topic - TRASHY)) / (TOPICS - TRASHY - 1),
);

/** Somebody's state; `step` changes it. */
export interface Viewer {
  readonly interests: Float64Array; // [TOPICS]
  budget: number;
}

/** What is drawn in a step, each uniform in [0, 1) but for the standard normal deviate of the quality. */
export interface Draws {
  readonly choice: number;
  readonly direction: number;
  readonly quality: number;
}

/** One transition. @param topics of the items shown, in their order */
export function watch(viewer: Viewer, topics: ArrayLike<number>, { choice, direction, quality }: Draws): Outcome {
  const { interests } = viewer;
  let total = NOTHING;
  for (let k = 0; k < topics.length; k++) total += interests[topics[k]] + 1;
  let rest = choice * total;
  let taken = -1;
  for (let k = 0; k < topics.length; k++) {
    const appeal = interests[topics[k]] + 1;
    if (rest < appeal) {
      taken = k;
      break;
    }
    rest -= appeal;
  }
  if (taken < 0) {
    viewer.budget -= 0.5;
    return { reward: 0, taken, isOver: viewer.budget <= 0 };
  }
  const topic = topics[taken];
  const reward = Math.min(viewer.budget, LENGTH);
  const u = interests[topic];
  const change = 0.3 * (1 - Math.abs(u)) * (1 - u);
  interests[topic] = Math.max(-1, Math.min(1, direction < (u + 1) / 2 ? u + change : u - change));
  viewer.budget += reward * ((0.9 / 3.4) * (qualityOfTopic[topic] + 0.1 * quality) - 1);
  return { reward, taken, isOver: viewer.budget <= 0 };
}

/** @throws DeepTasteError `config`: an option */
export function openInterestEvolution(options: InterestEvolutionOptions): World {
  const { candidates, slate } = parseOptions(interestEvolutionOptions, options, 'world interest-evolution');
  const reset = (visitor: RandomStream) => {
    const [offers, luck] = [new FastRandom(visitor.child('candidates')), new FastRandom(visitor.child('luck'))];
    const viewer = { interests: Float64Array.from({ length: TOPICS }, () => 2 * luck.uniform() - 1), budget: 200 };
    const topics = new Int32Array(candidates);
    const items = new Float64Array(candidates * TOPICS);
    const offer = () => {
      items.fill(0);
      for (let n = 0; n < candidates; n++) {
        topics[n] = offers.below(TOPICS);
        items[n * TOPICS + topics[n]] = 1;
      }
    };
    const step = (shown: Int32Array): Outcome => {
      const drawn = { choice: luck.uniform(), direction: luck.uniform(), quality: luck.normal() };
      const outcome = watch(
        viewer,
        shown.map((item) => topics[item]),
        drawn,
      );
      offer();
      return outcome;
    };
    offer();
    return { context: viewer.interests, items, step };
  };
  return { name: 'interest-evolution', actions: candidates, features: TOPICS, slate, itemFeatures: TOPICS, reset };
}
