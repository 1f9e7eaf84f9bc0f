/**
 * Estimators of policies beside the published run of the Open Bandit Pipeline on its synthetic world:
 *   node scripts/policy-accuracy.ts [runs]
 * Policies are learned as there, by multinomial logistic regression on rewards weighted by 1 / propensity. One that draws does so
 * ∝ exp(p), p the probability that the regression gives an action: the published run takes its classifier's probabilities for scores.
 * Prints the two tables of estimators in docs/results/policies.md.
 */
import { RandomStream } from '../src/core/random.ts';
import { Engine } from '../src/engine/runtime/engine.ts';
import { mean } from '../src/evaluation/statistics/mean.ts';
import { contributionsOf } from '../src/policy/contributions.ts';
import { shrunkDr, switchDr } from '../src/policy/estimators/modelled.ts';
import type { Decisions } from '../src/policy/log/decisions.ts';
import { crossFit } from '../src/policy/rewards/cross-fit.ts';
import { modelRewards } from '../src/policy/rewards/model-rewards.ts';
import { softmaxInto } from '../src/policy/softmax.ts';
import { effectiveSize, rowWeights } from '../src/policy/support/weights.ts';
import { fullPolicy } from '../src/policy/targets/target-policy.ts';
import { syntheticLog, syntheticRounds, syntheticWorld, trueValue } from '../src/policy/worlds/synthetic-bandit.ts';

const STEPS = 300;
const RATE = 1;

/** Maximises Σ (r / p) log π(a | x), π a softmax of linear scores, by accelerated gradient ascent. */
function learnedScores(
  { n, contexts }: { n: number; contexts: Float64Array },
  log: Decisions,
): (x: Float64Array) => Float64Array {
  const k = log.actions.length;
  const d = contexts.length / n;
  const at = new Float64Array(k * (d + 1));
  let [before, ahead] = [at.slice(), at.slice()];
  const total = log.reward.reduce((sum, r, row) => sum + r / log.propensity[row], 0);
  const scores = new Float64Array(k);
  const chances = new Float64Array(k);
  for (let step = 0; step < STEPS; step++) {
    const gradient = new Float64Array(at.length);
    for (let row = 0; row < n; row++) {
      if (log.reward[row] === 0) continue;
      const weight = log.reward[row] / log.propensity[row] / total;
      linear(ahead, contexts, row * d, d, scores);
      softmaxInto(scores, chances, 0, k, 1);
      for (let a = 0; a < k; a++) {
        const pull = weight * ((a === log.action[row] ? 1 : 0) - chances[a]);
        gradient[a * (d + 1)] += pull;
        for (let f = 0; f < d; f++) gradient[a * (d + 1) + 1 + f] += pull * contexts[row * d + f];
      }
    }
    const next = ahead.map((value, i) => value + RATE * gradient[i]);
    const momentum = step / (step + 3);
    ahead = next.map((value, i) => value + momentum * (value - before[i]));
    before = next;
  }
  return (x) => {
    linear(before, x, 0, d, scores);
    return scores;
  };
}

function linear(weights: Float64Array, contexts: Float64Array, at: number, d: number, out: Float64Array): void {
  for (let a = 0; a < out.length; a++) {
    let sum = weights[a * (d + 1)];
    for (let f = 0; f < d; f++) sum += weights[a * (d + 1) + 1 + f] * contexts[at + f];
    out[a] = sum;
  }
}

interface Case {
  readonly title: string;
  readonly actions: number;
  readonly beta: number;
  readonly rounds: number;
  readonly runs: number;
  /** Always the best action by the scores, or ∝ exp(probability). */
  readonly greedy: boolean;
  readonly published: Readonly<Record<string, string>>;
}

async function errorsOf(engine: Engine, { actions, beta, rounds: n, greedy }: Case, seed: number) {
  const random = new RandomStream(seed, 'policy accuracy');
  const world = syntheticWorld({ actions, features: 5, beta }, random.child('world'));
  const training = syntheticRounds(world, n, random.child('training'));
  const scoresOf = learnedScores(training, syntheticLog(world, training, random.child('training log')));
  const rounds = syntheticRounds(world, n, random.child('rounds'));
  const log = syntheticLog(world, rounds, random.child('log'));
  const chosen = new Float64Array(n * actions);
  for (let row = 0; row < n; row++) {
    const scores = scoresOf(rounds.contexts.subarray(row * 5, row * 5 + 5));
    if (greedy) chosen[row * actions + scores.indexOf(Math.max(...scores))] = 1;
    else {
      const own = new Float64Array(actions);
      softmaxInto(scores, own, 0, actions, 1);
      softmaxInto(own, own, 0, actions, 1);
      chosen.set(own, row * actions);
    }
  }
  const policy = fullPolicy('learned', log, (rows, out) => {
    for (let k = 0; k < rows.length; k++)
      out.set(chosen.subarray(rows[k] * actions, (rows[k] + 1) * actions), k * actions);
  });
  const value = trueValue(rounds, chosen);
  const rewards = modelRewards(engine, log, { model: 'lr' });
  const modelled = await crossFit(log, rewards, [policy], { random: random.child('evaluation'), folds: 3 });
  const errorOf = (contributions: Float64Array) => Math.abs(mean(contributions) - value) / value;
  const errors = new Map(
    contributionsOf(log, policy, modelled, 0).map(({ estimator, values }) => [estimator, errorOf(values)]),
  );
  const weight = rowWeights(log, policy);
  const own = { ofLogged: modelled.ofLogged, ofPolicy: modelled.ofPolicy[0] as Float64Array };
  const weighed = { weight, probability: policy.ofLogged, reward: log.reward, modelled: own };
  errors.set('switch-dr, λ = 10', errorOf(switchDr.contributions(weighed, 10)));
  errors.set('dros, λ = 10', errorOf(shrunkDr.contributions(weighed, 10)));
  const even = trueValue(rounds, new Float64Array(n * actions).fill(1 / actions));
  return { errors, value, even, ess: effectiveSize(weight) };
}

const runs = Number(process.argv[2] ?? 20);
const cases: readonly Case[] = [
  {
    title: '30 actions, β −3, 10,000 rounds, policy ∝ exp(probability)',
    actions: 30,
    beta: -3,
    rounds: 10_000,
    runs,
    greedy: false,
    published: {
      ips: '.0095 (.0069)',
      snips: '.0067 (.0045)',
      dm: '.0744 (.0245)',
      dr: '.0062 (.0042)',
      sndr: '.0061 (.0040)',
      'switch-dr, λ = 10': '.0062 (.0042)',
      'dros, λ = 10': '.0220 (.0133)',
    },
  },
  {
    title: '10 actions, β 1, 100,000 rounds, policy always takes the best score',
    actions: 10,
    beta: 1,
    rounds: 100_000,
    runs: Math.max(1, Math.round(runs / 10)),
    greedy: true,
    published: { ips: '.0051', dm: '.2500', dr: '.0040' },
  },
];

const engine = new Engine({ blas: 'off' });
for (const each of cases) {
  const found: Awaited<ReturnType<typeof errorsOf>>[] = [];
  for (let run = 0; run < each.runs; run++) {
    found.push(await errorsOf(engine, each, 12_345 + run));
    process.stderr.write(`${each.title}: run ${run + 1}\n`);
  }
  const deviation = (values: readonly number[]) =>
    Math.sqrt(
      mean(values.map((value) => (value - mean(values)) ** 2)) * (values.length / Math.max(1, values.length - 1)),
    );
  const uniforms = found.map(({ even }) => even);
  console.log(`${each.title}; ${each.runs} worlds`);
  console.log(`uniform policy: ${Math.min(...uniforms).toFixed(5)} to ${Math.max(...uniforms).toFixed(5)}`);
  console.log(
    `learned policy: ${mean(found.map(({ value }) => value)).toFixed(4)}, effective decisions ${Math.round(mean(found.map(({ ess }) => ess)))}`,
  );
  console.log('\n| estimator | relative error, mean (deviation) | published |\n|---|---|---|');
  for (const name of found[0].errors.keys()) {
    const values = found.map(({ errors }) => errors.get(name) as number);
    console.log(
      `| ${name} | ${mean(values).toFixed(4)} (${deviation(values).toFixed(4)}) | ${each.published[name] ?? ''} |`,
    );
  }
  console.log('');
}
engine.close();
