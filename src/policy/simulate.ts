/**
 * Bandits in a world: N people at once, T steps. In each step every person meets one decision; what came of all of them is learned after
 * the step, as a service does that updates its policy now and then. Every policy meets the same people.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import type { BanditKind } from './bandits/bandit.ts';
import { bandits } from './bandits/index.ts';
import type { World } from './worlds/world.ts';

export const simulateOptions = z.strictObject({
  users: z.int().min(1).max(1_000_000).default(10).meta({ doc: 'people who decide at the same time' }),
  steps: z.int().min(1).max(10_000_000).default(1000).meta({ doc: 'decisions of each' }),
  runs: z
    .int()
    .min(1)
    .max(1000)
    .default(5)
    .meta({ doc: 'worlds, each with a seed of its own; intervals go over them' }),
  seed: z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of everything random' }),
});
export type SimulateOptions = z.input<typeof simulateOptions>;

/** A bandit and its options. */
export interface Contender {
  readonly kind: BanditKind;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface SimulatedPolicy {
  readonly policy: string;
  readonly title: string;
  /** Mean reward of a decision, over all steps. */
  readonly reward: MeanInterval;
  /** The same over the last tenth of the steps: what it earns once it has learned. */
  readonly lastReward: MeanInterval;
  /** Of one person over all steps: Σ (expected reward of the best action − that of the one taken). */
  readonly regret: MeanInterval;
  /** Slope of log regret over log step from a tenth of the steps on: 1 = it never learns, 0.5 = as √T; null for fewer than 20 steps. */
  readonly slope: number | null;
  /** Share of the actions that were taken at all. */
  readonly coverage: MeanInterval;
  /** Regret of one person until each step, mean over the runs [steps]. */
  readonly regretByStep: Float64Array;
  /** Mean reward of each step over people and runs [steps]. */
  readonly rewardByStep: Float64Array;
}

export interface Simulation {
  readonly world: string;
  readonly users: number;
  readonly steps: number;
  readonly runs: number;
  readonly seed: number;
  /** Mean expected reward of always the best action. */
  readonly best: MeanInterval;
  readonly policies: readonly SimulatedPolicy[];
}

/** A bandit by its name, its options checked. @throws DeepTasteError `not-found`; `config` */
export function contender(name: string, options: object = {}): Contender {
  const kind = bandits.find((each) => each.name === name);
  const names = bandits.map((each) => each.name);
  if (!kind) throw new DeepTasteError('not-found', `policy: no bandit is called "${name}"${suggestion(name, names)}`);
  return { kind, options: parseOptions(kind.options, options, `policy ${name}`) };
}

interface RunOfOne {
  readonly rewards: Float64Array; // [steps] mean over people
  readonly regrets: Float64Array; // [steps] mean over people
  readonly best: number;
  readonly coverage: number;
}

/**
 * @param openWorld the world of a run: the same stream gives the same world
 * @throws DeepTasteError `config`: an option, no policy
 */
export function simulate(
  openWorld: (random: RandomStream) => World,
  contenders: readonly Contender[],
  options: SimulateOptions = {},
  progress: Progress = silent,
): Simulation {
  const { users, steps, runs, seed } = parseOptions(simulateOptions, options, 'simulate');
  if (contenders.length === 0)
    throw new DeepTasteError('config', 'simulate: at least one policy must act, found none; name one');
  const found: RunOfOne[][] = contenders.map(() => []);
  const task = progress.start('simulating', runs * contenders.length, 'runs');
  let [done, name] = [0, ''];
  for (let run = 0; run < runs; run++) {
    const random = new RandomStream(seed, `simulation/run ${run}`);
    for (const [c, each] of contenders.entries()) {
      const world = openWorld(random.child('world'));
      name = world.name;
      found[c].push(runOne(world, each, users, steps, random));
      task.update(++done, each.kind.name);
    }
  }
  task.end(`${done} runs`);
  return {
    world: name,
    users,
    steps,
    runs,
    seed,
    best: meanInterval(found[0].map(({ best }) => best)),
    policies: contenders.map(({ kind }, c) => summary(kind, found[c], steps)),
  };
}

function runOne(
  world: World,
  { kind, options }: Contender,
  users: number,
  steps: number,
  random: RandomStream,
): RunOfOne {
  const { actions, features } = world;
  const bandit = kind.open({ actions, features }, options, random.child(`bandit ${kind.name}`));
  const visits = Array.from({ length: users }, (_, user) => world.reset(random.child(`person ${user}`)));
  const contexts = new Float64Array(users * features);
  const chosen = new Int32Array(users);
  const earned = new Float64Array(users);
  const rewards = new Float64Array(steps);
  const regrets = new Float64Array(steps);
  const isTaken = new Uint8Array(actions);
  let bestSum = 0;
  for (let step = 0; step < steps; step++) {
    for (const [user, visit] of visits.entries()) {
      contexts.set(visit.context, user * features);
      const action = bandit.choose(visit.context);
      chosen[user] = action;
      isTaken[action] = 1;
      const best = most(visit.expected);
      bestSum += best;
      regrets[step] += (best - visit.expected[action]) / users;
      earned[user] = visit.step(action);
      rewards[step] += earned[user] / users;
    }
    for (let user = 0; user < users; user++)
      bandit.learn(contexts.subarray(user * features, (user + 1) * features), chosen[user], earned[user]);
  }
  const coverage = isTaken.reduce((sum, each) => sum + each, 0) / actions;
  return { rewards, regrets, best: bestSum / (steps * users), coverage };
}

function summary({ name, title }: BanditKind, runs: readonly RunOfOne[], steps: number): SimulatedPolicy {
  const last = Math.max(0, steps - Math.ceil(steps / 10));
  const regretByStep = cumulated(meanOf(runs.map(({ regrets }) => regrets)));
  return {
    policy: name,
    title,
    reward: meanInterval(runs.map(({ rewards }) => mean(rewards))),
    lastReward: meanInterval(runs.map(({ rewards }) => mean(rewards.subarray(last)))),
    regret: meanInterval(runs.map(({ regrets }) => regrets.reduce((sum, each) => sum + each, 0))),
    slope: steps < 20 ? null : logSlope(regretByStep),
    coverage: meanInterval(runs.map(({ coverage }) => coverage)),
    regretByStep,
    rewardByStep: meanOf(runs.map(({ rewards }) => rewards)),
  };
}

/** Least squares of log value over log (step + 1), from a tenth of the steps on. */
export function logSlope(values: Float64Array): number {
  const from = Math.floor(values.length / 10);
  let [n, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0];
  for (let step = from; step < values.length; step++) {
    if (values[step] <= 0) continue;
    const [x, y] = [Math.log(step + 1), Math.log(values[step])];
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  return n < 2 ? 0 : (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

function most(values: Float64Array): number {
  let best = values[0];
  for (let n = 1; n < values.length; n++) if (values[n] > best) best = values[n];
  return best;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function meanOf(columns: readonly Float64Array[]): Float64Array {
  return columns[0].map((_, n) => columns.reduce((sum, column) => sum + column[n], 0) / columns.length);
}

function cumulated(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
