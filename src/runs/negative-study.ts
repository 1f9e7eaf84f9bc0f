/**
 * What negatives are worth: for each sampler, how much of the loss's slope the drawn negatives carry as training goes on, and how many
 * of them are items that the user would have taken. The trainings are runs like any other; they are only looked at, epoch by epoch.
 */
import { callParts, checkCall } from '../core/call-checks.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Interactions, Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { DrawnNegatives } from '../examples/open-examples.ts';
import { isPairModel, type PairModel } from '../examples/pairs.ts';
import { findModelOf } from '../models/index.ts';
import type { RunSettings } from '../tasks/ranking-settings.ts';
import type { NegativeLook, NegativeStudy, SamplerStudy } from './negative-study-schema.ts';
import { trainRecommender } from './train-recommender.ts';

/** Settings of the training that make a sampler, by the name under which it is shown. */
export type SamplerVariants = Readonly<Record<string, object>>;

export interface NegativeStudyRequest {
  readonly engine: Engine;
  readonly split: Split;
  /** What all trainings have in common: as of trainRecommender. */
  readonly settings: Pick<RunSettings, 'model' | 'config' | 'training' | 'evaluation' | 'seed'>;
  readonly samplers: SamplerVariants;
  /** Steps at the beginning of each epoch whose negatives are looked at. */
  readonly steps?: number;
  /** Of a simulated world: the probability that a user takes each item when it is shown, [nItems]. */
  readonly preference?: (userIndex: number) => Float32Array;
  readonly progress?: Progress;
}

/** Slopes below it teach next to nothing. */
export const IDLE_SLOPE = 0.01;

const studyParts = {
  engine: callParts.engine,
  split: callParts.split,
  settings: callParts.settings,
  samplers: callParts.object,
  steps: callParts.some,
  preference: callParts.method,
  progress: callParts.progress,
} satisfies Record<keyof NegativeStudyRequest, unknown>;

/** @throws DeepTasteError `usage`: a model that draws no negatives for pairs; `config`: settings of a sampler that do not fit */
export async function studyNegatives(request: NegativeStudyRequest): Promise<NegativeStudy> {
  checkCall('studyNegatives', request, studyParts);
  const { engine, split, settings, samplers, steps = 20, preference, progress = silent } = request;
  const model = modelWithNegatives(settings.model, 'studyNegatives');
  const truth = new Truth(split, preference);
  const metric = settings.evaluation.metrics[0];
  const studies: SamplerStudy[] = [];
  for (const [sampler, training] of Object.entries(samplers)) {
    progress.log(`negatives: ${sampler}`);
    const looks: NegativeLook[] = [];
    const { recommender, result } = await trainRecommender({
      engine,
      split,
      settings: { ...settings, training: { ...settings.training, ...training }, refit: false, final: false },
      progress,
      onEpochStart: (epoch, examples) => {
        const drawn = examples.drawnNegatives?.(epoch, steps);
        if (drawn && drawn.slopes.length > 0) looks.push(lookAt(epoch + 1, drawn, truth));
      },
    });
    recommender.close();
    studies.push({ sampler, looks, metric: result?.metrics[metric]?.mean ?? null });
  }
  return { model: model.name, metric, chance: truth.chance(), samplers: studies };
}

/** @throws DeepTasteError `usage`: a model that draws no negatives for pairs */
export function modelWithNegatives(name: string, where: string): PairModel {
  const model = findModelOf('pairs', name);
  if (isPairModel(model)) return model;
  throw new DeepTasteError(
    'usage',
    `${where}: the model must draw negatives for taken pairs, which ${model.title} does not; choose bpr-mf, mf, neumf, lightgcn …`,
  );
}

function lookAt(epoch: number, drawn: DrawnNegatives, truth: Truth): NegativeLook {
  const { users, items, slopes } = drawn;
  const n = slopes.length;
  const sorted = slopes.slice().sort();
  const at = (share: number): number => sorted[Math.min(n - 1, Math.floor(share * n))];
  let [sum, idle, heldOut, wanted] = [0, 0, 0, 0];
  for (let k = 0; k < n; k++) {
    sum += slopes[k];
    if (slopes[k] < IDLE_SLOPE) idle++;
    if (truth.isHeldOut(users[k], items[k])) heldOut++;
    wanted += truth.preference(users[k], items[k]) ?? 0;
  }
  return {
    epoch,
    negatives: n,
    meanSlope: sum / n,
    slopes: { p10: at(0.1), p50: at(0.5), p90: at(0.9) },
    idle: idle / n,
    heldOut: heldOut / n,
    falseNegatives: truth.isKnown ? wanted / n : null,
  };
}

/** What is known of items that users did not take in training. */
class Truth {
  readonly #split: Split;
  readonly #train: readonly ReadonlySet<number>[];
  readonly #heldOut: readonly ReadonlySet<number>[];
  readonly #preference: NegativeStudyRequest['preference'];
  readonly #known = new Map<number, Float32Array>();

  constructor(split: Split, preference: NegativeStudyRequest['preference']) {
    this.#split = split;
    this.#preference = preference;
    const nUsers = split.dataset.users.size;
    this.#train = itemsOfUsers(nUsers, [split.train]);
    this.#heldOut = itemsOfUsers(nUsers, [split.validation, split.test]);
  }

  get isKnown(): boolean {
    return this.#preference !== undefined;
  }

  isHeldOut(user: number, item: number): boolean {
    return this.#heldOut[user].has(item);
  }

  preference(user: number, item: number): number | null {
    if (!this.#preference) return null;
    let known = this.#known.get(user);
    if (!known) {
      known = this.#preference(user);
      this.#known.set(user, known);
    }
    return known[item];
  }

  /** The shares among all items that a user did not take, each user weighing as much as the training rows that draw for it. */
  chance(): NegativeStudy['chance'] {
    const nItems = this.#split.dataset.items.size;
    let [rows, heldOut, wanted] = [0, 0, 0];
    this.#train.forEach((taken, user) => {
      const others = nItems - taken.size;
      if (taken.size === 0 || others === 0) return;
      rows += taken.size;
      let found = 0;
      for (const item of this.#heldOut[user]) if (!taken.has(item)) found++;
      heldOut += (taken.size * found) / others;
      if (!this.#preference) return;
      let sum = 0;
      for (let item = 0; item < nItems; item++) if (!taken.has(item)) sum += this.preference(user, item) as number;
      wanted += (taken.size * sum) / others;
    });
    return { heldOut: heldOut / rows, falseNegatives: this.#preference ? wanted / rows : null };
  }
}

function itemsOfUsers(nUsers: number, parts: readonly (Interactions | null)[]): Set<number>[] {
  const sets = Array.from({ length: nUsers }, () => new Set<number>());
  for (const part of parts)
    if (part) for (let row = 0; row < part.length; row++) sets[part.userIndex[row]].add(part.itemIndex[row]);
  return sets;
}
