/**
 * Decisions a second of every bandit, each learned from at once, or all together after every thousandth: 100 actions × 20 features, on one
 * thread. Prints the table that stands in docs/results/policies.md. Kinds are timed in turns, the medians of five are told.
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

/** Decisions before the rewards of all of them are told. */
const DELAYS = [1, 1000];

const learners = bandits.map((kind) => ({
  title: kind.title,
  ways: DELAYS.map((delay) => ({
    delay,
    bandit: kind.open(SIZES, parseOptions(kind.options, {}, kind.name), new RandomStream(1, kind.name)),
    perSecond: [] as number[],
  })),
}));
const actions = new Int32Array(DECISIONS);
for (let round = 0; round < ROUNDS; round++)
  for (const { bandit, delay, perSecond } of learners.flatMap(({ ways }) => ways)) {
    const started = performance.now();
    for (let first = 0; first < DECISIONS; first += delay) {
      for (let n = first; n < first + delay; n++) actions[n] = bandit.choose(contexts[n]);
      for (let n = first; n < first + delay; n++)
        bandit.learn(contexts[n], actions[n], rewardOf(contexts[n], actions[n], drawn[n]));
    }
    perSecond.push((1000 * DECISIONS) / (performance.now() - started));
  }
console.log('| bandit | decisions a second, learned from at once | after every 1,000 |\n|---|---|---|');
for (const { title, ways } of learners) {
  const medians = ways.map(({ perSecond }) => perSecond.sort((a, b) => a - b)[ROUNDS >> 1]);
  console.log(`| ${title} | ${medians.map((median) => Math.round(median / 100) * 100).join(' | ')} |`);
}
