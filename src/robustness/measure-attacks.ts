/**
 * What attacks do to victims. For each seed the targets, the budget and the fake people are drawn anew and every victim is trained from
 * scratch, once on the clean split and once with the fake people of each attack; what is held out of real people is the same in all. Intervals
 * go over seeds, differences are between trainings with the same seed.
 */
import { DeepTasteError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Result } from '../evaluation/result.ts';
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import { type ChosenAttack, carryOut, checkAttackable, type Goal, type Oracle } from './attacks/attack.ts';
import { type Budget, drawBudget, type FakePeople, type ProfileLength } from './budget.ts';
import { addFakesToSplit, type FakeProfile, type FakeTiming } from './fake-profiles.ts';
import { type OracleOptions, openOracle } from './oracle.ts';
import { exposablePairs, hitCutoffs, type TargetStanding, targetStanding } from './target-standing.ts';
import { type Targets, targetsOf } from './targets.ts';
import { checkVictim, trainVictim, type Victim } from './victims.ts';
import { type Visibility, visibilityOf } from './visibility.ts';

export interface MeasureOptions {
  readonly split: Split;
  readonly victims: readonly Victim[];
  readonly attacks: readonly ChosenAttack[];
  /** How many fake people; every attack is measured with each. */
  readonly budgets: readonly FakePeople[];
  readonly length?: ProfileLength;
  readonly timing?: FakeTiming;
  readonly targets: Targets;
  readonly goal: Goal;
  readonly seeds: readonly number[];
  /** Of attacks from outside: how they may ask the victim. */
  readonly oracle?: Partial<OracleOptions>;
  readonly progress?: Progress;
  /** Is given each poisoned split when it is made. */
  readonly onPoisoned?: (poisoned: Poisoned) => void | Promise<void>;
}

export interface Poisoned {
  readonly attack: string;
  readonly seed: number;
  readonly split: Split;
  readonly fakeUsers: Int32Array;
  readonly targets: Int32Array;
}

/** One victim trained on one split. */
interface Trained {
  readonly standing: TargetStanding;
  /** The first metric of the victim's evaluation over real people's held-out rows. */
  readonly accuracy: number;
  readonly seconds: number;
}

/** What the fake people of an attack are. */
export interface AttackCost {
  /** Means over the seeds. */
  readonly fakes: number;
  readonly rows: number;
  readonly secondsToCraft: number;
  /** Questions that were asked of a victim; 0 of attacks that ask none. */
  readonly questions: number;
}

/** Clean, poisoned, and the difference poisoned − clean over the seeds. */
export interface Effect {
  readonly clean: MeanInterval;
  readonly poisoned: MeanInterval;
  readonly difference: MeanInterval;
}

export interface AttackOutcome {
  readonly victim: string;
  readonly attack: string;
  /** Fake people as a share of real ones. */
  readonly share: number;
  /** By cutoff: `hr@10`, `hr@50` of the targets. */
  readonly hits: Readonly<Record<string, Effect>>;
  readonly rank: Effect;
  /** Prediction shift; null of victims that predict no ratings. */
  readonly predicted: Effect | null;
  /** Name of the metric, over real people's held-out rows. */
  readonly metric: string;
  readonly accuracy: Effect;
  readonly cost: AttackCost;
  /** Means over the seeds. */
  readonly visibility: Visibility;
  readonly trainingSeconds: number;
}

export interface AttackStudy {
  readonly data: string;
  readonly goal: Goal;
  readonly targets: Targets;
  readonly seeds: readonly number[];
  readonly outcomes: readonly AttackOutcome[];
}

/** Fake people of one attack with one seed. */
interface Crafted {
  readonly split: Split;
  readonly profiles: readonly FakeProfile[];
  readonly visibility: Visibility;
  readonly seconds: number;
  readonly questions: number;
}

/**
 * @throws DeepTasteError `config`: what an attack cannot do on these data; `not-found`: targets; `data`: nothing held out, and what training throws
 */
export async function measureAttacks(engine: Engine, options: MeasureOptions): Promise<AttackStudy> {
  const { split, victims, attacks, budgets, targets, goal, seeds, progress = silent } = options;
  for (const victim of victims) {
    checkVictim(victim);
    for (const chosen of attacks) checkAttackable(chosen, victim.model);
  }
  if (split.test === null)
    throw new DeepTasteError(
      'data',
      'attack: the split must hold test rows of real people, found none; choose another split',
    );
  const cells = victims.flatMap((victim) =>
    budgets.flatMap((people) => attacks.map((chosen) => new Cell(victim, people, chosen))),
  );
  const task = progress.start('attacks', seeds.length * (victims.length + cells.length), 'trainings');
  let done = 0;
  const told = <T>(value: T, note: string): T => {
    task.update(++done, note);
    return value;
  };
  try {
    for (const seed of seeds) {
      const place = new Seed(engine, options, seed);
      for (const victim of victims) {
        const clean = told(await place.train(victim, split), `${victim.model}, clean, seed ${seed}`);
        for (const cell of cells) {
          if (cell.victim !== victim) continue;
          const crafted = await place.craft(cell.chosen, cell.people, victim);
          const poisoned = await place.train(victim, crafted.split);
          cell.add(clean, poisoned, crafted);
          told(poisoned, `${victim.model}, ${cell.chosen.attack.name}, seed ${seed}`);
        }
      }
    }
  } finally {
    task.end();
  }
  const nUsers = split.dataset.users.size;
  return {
    data: split.dataset.name,
    goal,
    targets,
    seeds,
    outcomes: cells.map((cell) => cell.outcome(nUsers)),
  };
}

/** The fake people of the first attack with the first budget in the data; no victim is trained. */
export function craftFakes(
  engine: Engine,
  options: Omit<MeasureOptions, 'onPoisoned'>,
  seed: number,
): Promise<Poisoned> {
  return new Promise((resolve, reject) => {
    const place = new Seed(engine, { ...options, onPoisoned: resolve }, seed);
    place.craft(options.attacks[0], options.budgets[0], null).catch(reject);
  });
}

/** Everything that a seed decides. */
class Seed {
  readonly #engine: Engine;
  readonly #options: MeasureOptions;
  readonly #seed: number;
  readonly #random: RandomStream;
  readonly #targets: Int32Array;
  readonly #crafted = new Map<string, Promise<Crafted>>();

  constructor(engine: Engine, options: MeasureOptions, seed: number) {
    this.#engine = engine;
    this.#options = options;
    this.#seed = seed;
    this.#random = new RandomStream(seed, 'attack');
    this.#targets = targetsOf(options.split, options.targets, this.#random.child('targets'));
  }

  async train(victim: Victim, split: Split): Promise<Trained> {
    const clean = this.#options.split;
    const run = await trainVictim(this.#engine, split, victim, this.#seed);
    try {
      const pairs = exposablePairs(clean, this.#targets);
      return {
        standing: targetStanding(this.#engine, split, run.recommender, this.#targets, pairs),
        accuracy: run.result === null ? Number.NaN : measuredValue(run.result, metricOf(victim)),
        seconds: run.trainingSeconds,
      };
    } finally {
      run.recommender.close();
    }
  }

  /** Made once for all victims, but by those that ask one. */
  craft(chosen: ChosenAttack, people: FakePeople, victim: Victim | null): Promise<Crafted> {
    const isAsking = chosen.attack.knowledge === 'black';
    const key = JSON.stringify([chosen.attack.name, chosen.options, people, isAsking && victim]);
    const known = this.#crafted.get(key) ?? this.#make(chosen, people, isAsking ? victim : null);
    this.#crafted.set(key, known);
    return known;
  }

  async #make(chosen: ChosenAttack, people: FakePeople, asked: Victim | null): Promise<Crafted> {
    const { split, length = 'matched', timing, goal, oracle: oracleOptions, onPoisoned } = this.#options;
    const engine = this.#engine;
    const seen = { ...split.dataset, interactions: split.train };
    const budget: Budget = drawBudget(seen, people, length, this.#random.child(`budget ${JSON.stringify(people)}`));
    const oracle: Oracle | undefined = asked
      ? openOracle(engine, split, asked, this.#seed, this.#random.child('spies'), oracleOptions)
      : undefined;
    const asksBefore = oracle?.left ?? 0;
    const started = performance.now();
    const profiles = await carryOut(chosen, {
      data: seen,
      targets: this.#targets,
      goal,
      budget,
      random: this.#random.child(`craft ${chosen.attack.name}`),
      engine: () => engine,
      oracle,
    });
    const seconds = (performance.now() - started) / 1000;
    const poisoned = addFakesToSplit(split, profiles, this.#random.child('fake people'), timing);
    await onPoisoned?.({ attack: chosen.attack.name, seed: this.#seed, ...poisoned, targets: this.#targets });
    const data = { ...poisoned.split.dataset, interactions: poisoned.split.train };
    return {
      split: poisoned.split,
      profiles,
      visibility: visibilityOf(data, poisoned.fakeUsers, { engine, random: this.#random.child('visibility') }),
      seconds,
      questions: asksBefore - (oracle?.left ?? 0),
    };
  }
}

function measuredValue(result: Result, metric: string): number {
  const value = result.metrics[metric];
  return typeof value === 'number' ? value : (value?.mean ?? Number.NaN);
}

const metricOf = ({ evaluation }: Victim): string => evaluation.metrics[0];

/** One row of the table: what is gathered over the seeds. */
class Cell {
  readonly victim: Victim;
  readonly people: FakePeople;
  readonly chosen: ChosenAttack;
  readonly #clean: Trained[] = [];
  readonly #poisoned: Trained[] = [];
  readonly #crafted: Crafted[] = [];

  constructor(victim: Victim, people: FakePeople, chosen: ChosenAttack) {
    this.victim = victim;
    this.people = people;
    this.chosen = chosen;
  }

  add(clean: Trained, poisoned: Trained, crafted: Crafted): void {
    this.#clean.push(clean);
    this.#poisoned.push(poisoned);
    this.#crafted.push(crafted);
  }

  outcome(nUsers: number): AttackOutcome {
    const crafted = this.#crafted;
    const meanOf = (value: (each: Crafted) => number) =>
      crafted.reduce((sum, each) => sum + value(each), 0) / crafted.length;
    const fakes = meanOf(({ profiles }) => profiles.length);
    const predicted = [...this.#clean, ...this.#poisoned].every(({ standing }) => standing.predicted !== null);
    return {
      victim: this.victim.model,
      attack: this.chosen.attack.name,
      share: fakes / nUsers,
      hits: Object.fromEntries(hitCutoffs.map((k, c) => [`hr@${k}`, this.#effect(({ standing }) => standing.hits[c])])),
      rank: this.#effect(({ standing }) => standing.rank),
      predicted: predicted ? this.#effect(({ standing }) => standing.predicted as number) : null,
      metric: metricOf(this.victim),
      accuracy: this.#effect(({ accuracy }) => accuracy),
      cost: {
        fakes,
        rows: meanOf(({ profiles }) => profiles.reduce((sum, { items }) => sum + items.length, 0)),
        secondsToCraft: meanOf(({ seconds }) => seconds),
        questions: meanOf(({ questions }) => questions),
      },
      visibility: meanVisibility(crafted.map(({ visibility }) => visibility)),
      trainingSeconds: this.#poisoned.reduce((sum, { seconds }) => sum + seconds, 0) / this.#poisoned.length,
    };
  }

  #effect(value: (trained: Trained) => number): Effect {
    const clean = this.#clean.map(value);
    const poisoned = this.#poisoned.map(value);
    return {
      clean: meanInterval(clean),
      poisoned: meanInterval(poisoned),
      difference: meanInterval(poisoned.map((after, n) => after - clean[n])),
    };
  }
}

function meanVisibility(all: readonly Visibility[]): Visibility {
  const meanOf = (value: (each: Visibility) => number) => all.reduce((sum, each) => sum + value(each), 0) / all.length;
  return {
    auc: Object.fromEntries(Object.keys(all[0].auc).map((name) => [name, meanOf((each) => each.auc[name])])),
    distances: Object.fromEntries(
      Object.keys(all[0].distances).map((name) => [
        name,
        {
          totalVariation: meanOf((each) => each.distances[name].totalVariation),
          divergence: meanOf((each) => each.distances[name].divergence),
        },
      ]),
    ),
  };
}
