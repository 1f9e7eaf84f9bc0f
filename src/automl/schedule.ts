/**
 * What a study does next: first every model as it is without tuning, then trials that are to go on (asha.ts), else a new proposal of the
 * sampler. It follows from the trials so far alone, so that a study that is opened again goes on as it would have.
 */
import { RandomStream } from '../core/random.ts';
import { type Halving, promotion } from './asha.ts';
import { choice } from './domain.ts';
import type { TrialSettings } from './model-space.ts';
import { randomSearch } from './random-search.ts';
import type { Observation, Parameter, Point, Sampler } from './sampler.ts';
import type { Part } from './study.ts';
import type { Trial } from './trial.ts';

/** A model of a study. */
export interface Candidate {
  readonly model: string;
  /** Whether it is searched; else it is there as a baseline, as it is. */
  readonly isSearched: boolean;
  /** What is searched, by address. */
  readonly space: readonly Parameter[];
  readonly defaultPoint: Point;
  /** Epochs at which trainings pause, the last their end; null of models that are fitted at once. */
  readonly rungs: readonly number[] | null;
  /** The settings of a point. @throws 'config' for one that the model does not take */
  settingsAt(point: Point): TrialSettings;
}

/** What ends a search: whichever comes first. */
export interface Budget {
  readonly minutes?: number;
  readonly trials?: number;
  readonly epochs?: number;
}

export interface ScheduleOptions {
  readonly candidates: readonly Candidate[];
  readonly sampler: Sampler;
  readonly halving: Halving;
  readonly budget: Budget;
  readonly seed: number;
  /** Trials that are trained at the same time. */
  readonly workers: number;
}

/** Proposals that are drawn for one that is new and that the model takes. */
const TRIES = 50;
/** Name of the parameter that is the model. */
const MODEL = 'model';

export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #space: readonly Parameter[];

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#space = jointSpace(options.candidates.filter(({ isSearched }) => isSearched));
  }

  /**
   * @param running trials that are being trained
   * @param seconds of the search so far
   * @returns null when there is nothing to begin before another part has ended, or at all
   */
  next(trials: readonly Trial[], running: ReadonlySet<number>, seconds: number): Part | null {
    const { candidates, budget, halving } = this.#options;
    const missing = candidates.find(({ model }) =>
      trials.every((trial) => trial.model !== model || trial.kind === 'sampled'),
    );
    if (missing) return this.#default(missing, trials.length + 1, seconds);
    if (isSpent(budget, trials, seconds) || isHopeless(trials, candidates.length)) return null;
    const rungs = new Map(candidates.flatMap(({ model, rungs: own }) => (own ? [[model, own]] : [])));
    const promoted = promotion(
      trials.filter(({ number, kind }) => !running.has(number) && kind === 'sampled'),
      trials,
      rungs,
      halving,
    );
    if (promoted) {
      const until = this.#until(promoted.model, promoted.ownEpochs);
      return { trial: null, part: { number: promoted.number, until, stoppable: true, seconds: this.#left(seconds) } };
    }
    if (budget.trials !== undefined && trials.length >= budget.trials) return null;
    return this.#proposal(trials, seconds);
  }

  /** What is left of the time. */
  #left(spent: number): number | null {
    const { minutes } = this.#options.budget;
    return minutes === undefined ? null : Math.max(0, 60 * minutes - spent);
  }

  /** The next rung of a training; null = its end. */
  #until(model: string, done: number): number | null {
    const { rungs } = this.#options.candidates.find((each) => each.model === model)!;
    const next = rungs?.find((rung) => rung > done);
    return next === undefined || next === rungs!.at(-1) ? null : next;
  }

  /** A model as it is without tuning: trained to its end, within its share of the time. */
  #default({ model, isSearched, rungs, defaultPoint, settingsAt }: Candidate, number: number, spent: number): Part {
    const { budget, candidates, workers } = this.#options;
    const byEpochs = candidates.filter((each) => each.rungs !== null).length;
    const ofTime = budget.minutes === undefined ? null : (DEFAULT_SHARE * 60 * budget.minutes * workers) / byEpochs;
    const seconds = rungs === null ? this.#left(spent) : ofTime;
    const share =
      budget.epochs === undefined || rungs === null
        ? null
        : Math.max(1, Math.floor((DEFAULT_SHARE * budget.epochs) / byEpochs));
    return {
      trial: {
        number,
        model,
        kind: isSearched ? 'default' : 'baseline',
        point: defaultPoint,
        settings: settingsAt({}),
        epochs: rungs?.at(-1) ?? null,
      },
      part: { number, until: share !== null && share < rungs!.at(-1)! ? share : null, stoppable: false, seconds },
    };
  }

  #proposal(trials: readonly Trial[], spent: number): Part | null {
    const { candidates, sampler, seed } = this.#options;
    if (this.#space.length === 0) return null;
    const number = trials.length + 1;
    const random = new RandomStream(seed, `tune/${number}`);
    const observed = trials.flatMap((trial) => observationOf(trial, candidates));
    const before = new Set(trials.map(({ model, settings }) => JSON.stringify([model, settings])));
    for (let n = 0; n < 2 * TRIES; n++) {
      const chosen = n < TRIES ? sampler : randomSearch;
      const { [MODEL]: model, ...prefixed } = chosen.propose(this.#space, observed, random.child(String(n)));
      const candidate = candidates.find((each) => each.model === model)!;
      const point = withoutPrefix(prefixed, candidate.model);
      const settings = taken(candidate, point);
      if (settings === null || before.has(JSON.stringify([model, settings]))) continue;
      const until = this.#until(candidate.model, 0);
      return {
        trial: {
          number,
          model: candidate.model,
          kind: 'sampled',
          point,
          settings,
          epochs: candidate.rungs?.at(-1) ?? null,
        },
        part: { number, until, stoppable: true, seconds: this.#left(spent) },
      };
    }
    return null;
  }
}

/** Of the budget: what all models as they are may take of it together. */
const DEFAULT_SHARE = 0.5;

export function isSpent({ minutes, epochs }: Budget, trials: readonly Trial[], seconds: number): boolean {
  if (minutes !== undefined && seconds >= 60 * minutes) return true;
  return epochs !== undefined && trials.reduce((sum, { epochsDone }) => sum + epochsDone, 0) >= epochs;
}

/** Where nothing works, more of it does not either. */
function isHopeless(trials: readonly Trial[], nModels: number): boolean {
  return trials.length >= nModels + HOPELESS && trials.every(({ status }) => status === 'failed');
}

/** Trials that fail beside all models as they are. */
const HOPELESS = 10;

/** The model first, then the options of each under its name. Models without options are left out: there is nothing to vary. */
function jointSpace(candidates: readonly Candidate[]): Parameter[] {
  const searched = candidates.filter(({ space }) => space.length > 0);
  if (searched.length === 0) return [];
  const model = { name: MODEL, domain: choice(searched.map((each) => each.model)) };
  return [
    model,
    ...searched.flatMap(({ model: own, space }) =>
      space.map(({ name, domain, when = [] }) => ({
        name: `${own}/${name}`,
        domain,
        when: [
          { name: MODEL, values: [own] },
          ...when.map((condition) => ({ ...condition, name: `${own}/${condition.name}` })),
        ],
      })),
    ),
  ];
}

/** What a trial says to the sampler; one that failed is worse than all others. */
function observationOf({ model, kind, point, value, status }: Trial, candidates: readonly Candidate[]): Observation[] {
  const isSearched = candidates.some((each) => each.model === model && each.isSearched && each.space.length > 0);
  if (!isSearched || kind === 'baseline' || (value === null && status !== 'failed')) return [];
  const prefixed = Object.fromEntries(Object.entries(point).map(([name, each]) => [`${model}/${name}`, each]));
  return [{ point: { [MODEL]: model, ...prefixed }, value: value ?? Number.NEGATIVE_INFINITY }];
}

function withoutPrefix(point: Point, model: string): Point {
  return Object.fromEntries(Object.entries(point).map(([name, value]) => [name.slice(model.length + 1), value]));
}

/** Null for options that contradict each other. */
function taken({ settingsAt }: Candidate, point: Point): TrialSettings | null {
  try {
    return settingsAt(point);
  } catch {
    return null;
  }
}
