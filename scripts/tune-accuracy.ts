/**
 * How close the samplers of studies come to the least values of three functions: median regret over 50 seeds after 100 trials.
 * `bench/peers/tpe_optuna.py` measures Optuna's on the same functions.
 */
import { randomSearch } from '../src/automl/random-search.ts';
import { tpe } from '../src/automl/tpe.ts';
import { bestRegret, median, problems } from '../test/automl/functions.ts';

const SEEDS = Number(process.argv[2] ?? 50);
const samplers = [tpe(), randomSearch];
for (const [name, problem] of Object.entries(problems))
  for (const sampler of samplers) {
    const regrets = Array.from({ length: SEEDS }, (_, seed) => bestRegret(problem, sampler, seed));
    console.log(`${name.padEnd(12)} ${sampler.name.padEnd(7)} median regret ${median(regrets).toPrecision(3)}`);
  }
