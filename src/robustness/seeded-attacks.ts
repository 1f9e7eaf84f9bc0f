/** What one seed decides: targets, budgets and fake people, and victims trained from scratch on clean and on poisoned splits. */
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Result } from '../evaluation/result.ts';
import { type ChosenAttack, carryOut, type Goal, type Oracle } from './attacks/attack.ts';
import { type Budget, drawBudget, type FakePeople, type ProfileLength } from './budget.ts';
import { addFakesToSplit, type FakeProfile, type FakeTiming } from './fake-profiles.ts';
import { type OracleOptions, openOracle } from './oracle.ts';
import { exposablePairs, type TargetStanding, targetStanding } from './target-standing.ts';
import { type Targets, targetsOf } from './targets.ts';
import { metricOf, trainVictim, type Victim } from './victims.ts';
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
  readonly oracle?: Partial<Omit<OracleOptions, 'timing'>>;
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
export interface Trained {
  readonly standing: TargetStanding;
  /** The first metric of the victim's evaluation over real people's held-out rows. */
  readonly accuracy: number;
  readonly seconds: number;
}

/** Fake people of one attack with one seed. */
export interface Crafted {
  readonly split: Split;
  readonly profiles: readonly FakeProfile[];
  readonly visibility: Visibility;
  readonly seconds: number;
  readonly questions: number;
}

/** Everything that a seed decides. */
export class SeededAttacks {
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
    const { split, length = 'matched', timing = 'people', goal, oracle: oracleOptions, onPoisoned } = this.#options;
    const engine = this.#engine;
    const seen = { ...split.dataset, interactions: split.train };
    const budget: Budget = drawBudget(seen, people, length, this.#random.child(`budget ${JSON.stringify(people)}`));
    const oracle: Oracle | undefined = asked
      ? openOracle(engine, split, asked, this.#seed, this.#random.child('spies'), { ...oracleOptions, timing })
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
