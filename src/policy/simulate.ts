/**
 * Policies that learn, in a world: N people at once, T steps. In each step every person meets one decision; what came of all of them is
 * learned after the step, as a service does that updates its policy now and then. Every policy meets the same people.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type Progress, silent } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import { Engine } from '../engine/runtime/engine.ts';
import { mean } from '../evaluation/statistics/mean.ts';
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import type { Contender } from './learners/index.ts';
import type { LearnerKind } from './learners/learner.ts';
import { LazyEngine, type SimulatedRun, simulatedRun } from './simulated-run.ts';
import { placeOf, type World } from './worlds/world.ts';

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

/** Visits of people who have left; of the last tenth: visits that ended in the last tenth of the steps. */
export interface VisitSummary {
  /** Mean sum of the rewards of a visit. */
  readonly reward: MeanInterval;
  readonly lastReward: MeanInterval;
  /** Mean number of decisions of a visit. */
  readonly lastSteps: MeanInterval;
  /** Mean sum of the rewards of visits that ended in each of equal parts of the steps, NaN where none did. */
  readonly rewardByPart: Float64Array;
}

export interface SimulatedPolicy {
  readonly policy: string;
  readonly title: string;
  /** Mean reward of a decision, over all steps. */
  readonly reward: MeanInterval;
  /** The same over the last tenth of the steps: what it earns once it has learned. */
  readonly lastReward: MeanInterval;
  /** Null where nobody leaves, or in some world nobody has left in the last tenth of the steps. */
  readonly visits: VisitSummary | null;
  /**
   * What it earns more than the first policy in the last tenth of the steps, of a visit where people leave, else of a step; paired over the runs, in
   * which both meet the same people. Null for the first policy, one run, or visits that none has ended.
   */
  readonly difference: MeanInterval | null;
  /**
   * Of one person over all steps: Σ (expected reward of the best action − that of the one taken); null in worlds in which decisions have
   * consequences.
   */
  readonly regret: MeanInterval | null;
  /** Slope of log regret over log step from a tenth of the steps on: 1 = it never learns, 0.5 = as √T; null for fewer than 20 steps. */
  readonly slope: number | null;
  /** Share of the items that were shown at all; null where items have no numbers. */
  readonly coverage: MeanInterval | null;
  /** Regret of one person until each step, mean over the runs [steps]. */
  readonly regretByStep: Float64Array | null;
  /** Mean reward of each step over people and runs [steps]. */
  readonly rewardByStep: Float64Array;
}

export interface Simulation {
  readonly world: string;
  readonly users: number;
  readonly steps: number;
  readonly runs: number;
  readonly seed: number;
  /** Mean expected reward of always the best action; null where no world tells. */
  readonly best: MeanInterval | null;
  readonly policies: readonly SimulatedPolicy[];
  /** One line each, for people: what cannot be told. */
  readonly notes: readonly string[];
}

/** Parts of the steps for which the rewards of visits are told. */
const PARTS = 20;

/**
 * @param openWorld the world of a run: the same stream gives the same world
 * @throws DeepTasteError `config`: an option, no policy, a policy that cannot act in this world
 */
export async function simulate(
  openWorld: (random: RandomStream) => World,
  contenders: readonly Contender[],
  options: SimulateOptions = {},
  progress: Progress = silent,
): Promise<Simulation> {
  const { users, steps, runs, seed } = parseOptions(simulateOptions, options, 'simulate');
  if (contenders.length === 0)
    throw new DeepTasteError('config', 'simulate: at least one policy must act, found none; name one');
  const found: SimulatedRun[][] = contenders.map(() => []);
  // networks of policies are small: threads would wake up too late for them
  const engine = new LazyEngine(() => new Engine({ threads: 1, blas: 'off' }));
  const task = progress.start('simulating', runs * contenders.length, 'runs');
  let [done, name] = [0, ''];
  try {
    for (let run = 0; run < runs; run++) {
      const random = new RandomStream(seed, `simulation/run ${run}`);
      for (const [c, { kind, options: chosen }] of contenders.entries()) {
        const world = openWorld(random.child('world'));
        const place = placeOf(world);
        name = world.name;
        const own = random.child(`bandit ${kind.name}`);
        const learner = kind.open({ place, random: own, engine: () => engine.get() }, chosen);
        try {
          found[c].push(await simulatedRun(world, place, learner, { users, steps }, random));
        } finally {
          learner.free?.();
        }
        task.update(++done, kind.name);
      }
    }
  } finally {
    engine.close();
  }
  task.end(`${done} runs`);
  return {
    world: name,
    users,
    steps,
    runs,
    seed,
    best: bestOfRuns(found, runs),
    policies: contenders.map(({ kind }, c) => ({
      ...summary(kind, found[c], steps),
      difference: c === 0 ? null : pairedDifference(found[0], found[c], steps),
    })),
    notes: untoldVisits(contenders, found, steps),
  };
}

/** Mean over the policies of each run: where decisions change what comes, each has a best of its own. */
function bestOfRuns(found: readonly (readonly SimulatedRun[])[], runs: number): MeanInterval | null {
  const bests = Array.from({ length: runs }, (_, run) => found.map((own) => own[run].best));
  const known = bests.map((values) => values.filter((value): value is number => value !== null));
  return known.some((values) => values.length === 0) ? null : meanInterval(known.map((values) => mean(values)));
}

/** Null where some run has none. */
function intervalOf(
  runs: readonly SimulatedRun[],
  numberOf: (run: SimulatedRun) => number | null,
): MeanInterval | null {
  const values = runs.map(numberOf).filter((value): value is number => value !== null);
  return values.length < runs.length ? null : meanInterval(values);
}

/** Where people leave, but too seldom to tell what a visit is worth. */
function untoldVisits(
  contenders: readonly Contender[],
  found: readonly (readonly SimulatedRun[])[],
  steps: number,
): string[] {
  const last = lastTenth(steps);
  const isUntold = (runs: readonly SimulatedRun[]) =>
    runs.some(({ visits }) => visits.length > 0) && runs.some(({ visits }) => visits.every(({ end }) => end < last));
  return contenders.flatMap(({ kind }, c) =>
    isUntold(found[c])
      ? [
          `${kind.title}: in some world nobody has left in the last tenth of the steps; more people or steps tell what a visit is worth`,
        ]
      : [],
  );
}

/** Step that the last tenth begins with. */
const lastTenth = (steps: number): number => Math.max(0, steps - Math.ceil(steps / 10));

function pairedDifference(
  first: readonly SimulatedRun[],
  other: readonly SimulatedRun[],
  steps: number,
): MeanInterval | null {
  const last = lastTenth(steps);
  const isLeft = [...first, ...other].some(({ visits }) => visits.length > 0);
  const earned = ({ visits, rewards }: SimulatedRun): number =>
    isLeft ? mean(visits.filter(({ end }) => end >= last).map(({ reward }) => reward)) : mean(rewards.subarray(last));
  const differences = other.map((run, n) => earned(run) - earned(first[n]));
  return differences.length < 2 || differences.some(Number.isNaN) ? null : meanInterval(differences);
}

function summary(
  { name, title }: LearnerKind,
  runs: readonly SimulatedRun[],
  steps: number,
): Omit<SimulatedPolicy, 'difference'> {
  const last = lastTenth(steps);
  const regrets = runs.flatMap(({ regrets: own }) => (own ? [own] : []));
  const regretByStep = regrets.length > 0 ? cumulated(columnMeans(regrets)) : null;
  return {
    policy: name,
    title,
    reward: meanInterval(runs.map(({ rewards }) => mean(rewards))),
    lastReward: meanInterval(runs.map(({ rewards }) => mean(rewards.subarray(last)))),
    visits: visitSummary(runs, steps, last),
    regret: intervalOf(runs, ({ regrets: own }) => (own === null ? null : own.reduce((sum, each) => sum + each, 0))),
    slope: steps < 20 || !regretByStep ? null : logSlope(regretByStep),
    coverage: intervalOf(runs, ({ coverage }) => coverage),
    regretByStep,
    rewardByStep: columnMeans(runs.map(({ rewards }) => rewards)),
  };
}

function visitSummary(runs: readonly SimulatedRun[], steps: number, last: number): VisitSummary | null {
  const late = runs.map(({ visits }) => visits.filter(({ end }) => end >= last));
  if (late.some((visits) => visits.length === 0)) return null;
  const rewards = (visits: SimulatedRun['visits']) => mean(visits.map(({ reward }) => reward));
  const parts = Math.min(PARTS, steps);
  const all = runs.flatMap(({ visits }) => visits);
  return {
    reward: meanInterval(runs.map(({ visits }) => rewards(visits))),
    lastReward: meanInterval(late.map(rewards)),
    lastSteps: meanInterval(late.map((visits) => mean(visits.map((visit) => visit.steps)))),
    rewardByPart: Float64Array.from({ length: parts }, (_, part) =>
      rewards(all.filter(({ end }) => Math.floor((end * parts) / steps) === part)),
    ),
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

function columnMeans(columns: readonly Float64Array[]): Float64Array {
  return columns[0].map((_, n) => columns.reduce((sum, column) => sum + column[n], 0) / columns.length);
}

function cumulated(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
