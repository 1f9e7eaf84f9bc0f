/** The synthetic bandit world as one to act in: every step of a visit is a new context. See synthetic-bandit.ts for its rewards. */
import type { RandomStream } from '../../core/random.ts';
import { logitsInto, type SyntheticOptions, syntheticWorld } from './synthetic-bandit.ts';
import type { Outcome, World } from './world.ts';

/** Contexts over which logits are z-scored. */
const SAMPLED = 10_000;

/** @param random of the world's coefficients: the same stream is the same world */
export function openSyntheticWorld(options: SyntheticOptions, random: RandomStream): World {
  const world = syntheticWorld(options, random.child('coefficients'));
  const { actions, features } = world;
  const sampler = random.child('scale');
  const context = new Float64Array(features);
  const logits = new Float64Array(actions);
  let [sum, squares] = [0, 0];
  for (let n = 0; n < SAMPLED; n++) {
    for (let f = 0; f < features; f++) context[f] = sampler.normal();
    logitsInto(world, context, 0, logits, 0);
    for (const logit of logits) {
      sum += logit;
      squares += logit * logit;
    }
  }
  const mean = sum / (SAMPLED * actions);
  const deviation = Math.sqrt(squares / (SAMPLED * actions) - mean * mean);

  const reset = (visitor: RandomStream) => {
    // contexts do not depend on what was decided before: policies meet the same ones
    const [contexts, luck] = [visitor.child('contexts'), visitor.child('luck')];
    const visit = { context: new Float64Array(features), expected: new Float64Array(actions), step };
    const next = () => {
      for (let f = 0; f < features; f++) visit.context[f] = contexts.normal();
      logitsInto(world, visit.context, 0, visit.expected, 0);
      for (let a = 0; a < actions; a++) visit.expected[a] = 1 / (1 + Math.exp((mean - visit.expected[a]) / deviation));
    };
    function step([action]: Int32Array): Outcome {
      const reward = luck.uniform() < visit.expected[action] ? 1 : 0;
      next();
      return { reward };
    }
    next();
    return visit;
  };
  return { name: 'synthetic', actions, features, reset };
}
