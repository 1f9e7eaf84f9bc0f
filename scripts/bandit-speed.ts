/**
 * Decisions a second of every bandit, each learned from at once: 100 actions × 20 features, on one thread. Prints the table that stands in
 * docs/results/policies.md. Kinds are timed in turns, the medians of five are told.
 */
import { parseOptions } from '../src/core/options.ts';
import { RandomStream } from '../src/core/random.ts';
import { bandits } from '../src/policy/bandits/index.ts';

const SIZES = { actions: 100, features: 20 };
const ROUNDS = 5;
const DECISIONS = 10_000;

const random = new RandomStream(1, 'bandit-speed');
const truth = Array.from({ length: SIZES.actions * SIZES.features }, () => random.normal());
const contexts = Array.from({ length: DECISIONS }, () =>
  Float64Array.from({ length: SIZES.features }, () => random.normal()),
);
const drawn = Float64Array.from({ length: DECISIONS }, () => random.uniform());

function rewardOf(context: Float64Array, action: number, uniform: number): number {
  let worth = 0;
  for (let f = 0; f < SIZES.features; f++) worth += truth[action * SIZES.features + f] * context[f];
  return Number(uniform < 1 / (1 + Math.exp(-worth)));
}

const learners = bandits.map((kind) => ({
  title: kind.title,
  bandit: kind.open(SIZES, parseOptions(kind.options, {}, kind.name), new RandomStream(1, kind.name)),
  perSecond: [] as number[],
}));
for (let round = 0; round < ROUNDS; round++)
  for (const { bandit, perSecond } of learners) {
    const started = performance.now();
    for (let n = 0; n < DECISIONS; n++) {
      const action = bandit.choose(contexts[n]);
      bandit.learn(contexts[n], action, rewardOf(contexts[n], action, drawn[n]));
    }
    perSecond.push((1000 * DECISIONS) / (performance.now() - started));
  }
console.log('| bandit | decisions a second |\n|---|---|');
for (const { title, perSecond } of learners) {
  const median = perSecond.sort((a, b) => a - b)[ROUNDS >> 1];
  console.log(`| ${title} | ${Math.round(median / 100) * 100} |`);
}
