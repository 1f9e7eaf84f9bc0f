/**
 * Long-term satisfaction (Ie et al.: RecSim, arXiv:1909.04847): items with more or less of a clickbait c in them, which is engaging at once and
 * lowers the satisfaction on which all later engagement rests.
 *
 *   NPE ← γ NPE − 2 (c − ½) + N(0, η²),   SAT = σ(s · NPE)
 *   engagement = exp N( (c μ_choc + (1 − c) μ_kale) · SAT, (c σ_choc + (1 − c) σ_kale)² ),  by the SAT from before the step
 *
 * γ = .7, s = .01, η = .05, μ_choc = 5, μ_kale = 4, σ_choc = σ_kale = 1; NPE starts evenly within ± ½ / (1 − γ); c ~ U(0, 1), drawn anew for each
 * decision; the first item that is shown is always taken; a visit has 60 steps. The sign of 2 (c − ½) is that of the published code, whose
 * comments have the other one. The state cannot be seen: a policy knows ln(1 + engagement of the step before), 0 at first, engagement
 * counted up to 100 as in the published observations; rewards are not cut.
 *
 * With s = .01 satisfaction moves by less than a hundredth, and nothing is better than always the most clickbait; `sensitivity` makes it matter.
 */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { parseOptions } from '../../core/options.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Outcome, World } from './world.ts';

export const longTermSatisfactionOptions = z
  .strictObject({
    candidates: z.int().min(1).max(1000).default(20).meta({ doc: 'items that a decision chooses among' }),
    slate: z.int().min(1).max(20).default(2).meta({ doc: 'items that a decision shows; the first is taken' }),
    sensitivity: z.number().min(0).default(0.01).meta({ doc: 's: how much exposure moves satisfaction' }),
    memory: z.number().min(0).lt(1).default(0.7).meta({ doc: 'γ: share of the exposure that stays' }),
    steps: z.int().min(1).max(100_000).default(60).meta({ doc: 'decisions of a visit' }),
  })
  .refine(({ candidates, slate }) => slate <= candidates, {
    path: ['slate'],
    message: 'Invalid input: a slate must not show more items than there are candidates',
  });

export type LongTermSatisfactionOptions = z.input<typeof longTermSatisfactionOptions>;

const CHOC = { mean: 5, deviation: 1 };
const KALE = { mean: 4, deviation: 1 };
const INNOVATION = 0.05;
const MOST_SEEN = 100;

/** The engagement with an item of clickbait c, and the exposure after it. @param drawn two standard normal deviates */
export function engage(
  exposure: number,
  c: number,
  { sensitivity, memory }: { readonly sensitivity: number; readonly memory: number },
  drawn: { readonly engagement: number; readonly innovation: number },
): { readonly engagement: number; readonly exposure: number } {
  const satisfaction = 1 / (1 + Math.exp(-sensitivity * exposure));
  const location = (c * CHOC.mean + (1 - c) * KALE.mean) * satisfaction;
  const scale = c * CHOC.deviation + (1 - c) * KALE.deviation;
  return {
    engagement: Math.exp(location + scale * drawn.engagement),
    exposure: memory * exposure - 2 * (c - 0.5) + INNOVATION * drawn.innovation,
  };
}

/** @throws DeepTasteError `config`: an option */
export function openLongTermSatisfaction(options: LongTermSatisfactionOptions): World {
  const parsed = parseOptions(longTermSatisfactionOptions, options, 'world long-term-satisfaction');
  const { candidates, slate, memory, steps } = parsed;
  const reset = (visitor: RandomStream) => {
    const [offers, luck] = [new FastRandom(visitor.child('candidates')), new FastRandom(visitor.child('luck'))];
    const context = new Float64Array(1);
    const items = new Float64Array(candidates);
    let exposure = (luck.uniform() - 0.5) / (1 - memory);
    let done = 0;
    const offer = () => {
      for (let n = 0; n < candidates; n++) items[n] = offers.uniform();
    };
    const step = ([first]: Int32Array): Outcome => {
      const after = engage(exposure, items[first], parsed, { engagement: luck.normal(), innovation: luck.normal() });
      exposure = after.exposure;
      context[0] = Math.log1p(Math.min(MOST_SEEN, after.engagement));
      offer();
      return { reward: after.engagement, isOver: ++done >= steps };
    };
    offer();
    return { context, items, step };
  };
  return { name: 'long-term-satisfaction', actions: candidates, features: 1, slate, itemFeatures: 1, reset };
}
