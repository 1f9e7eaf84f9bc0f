/**
 * Models of sequences as policies: chance decides for a while, then a model is trained on what people took, visit by visit, and the slate is what it
 * ranks first after what a person took so far. Next click and Top-K REINFORCE are the same network (models/reinforce.ts) with other aims:
 *
 *   next click   Σ_t ln π(a_t | s_t)
 *   REINFORCE    Σ_t ω λ_K R_t ln π(a_t | s_t)
 *
 * Who took nothing yet is shown what chance says.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { FastRandom } from '../../core/fast-random.ts';
import { silent } from '../../core/progress.ts';
import type { Sequences } from '../../data/sequences/sequences.ts';
import { reinforceOptions as modelOptions, reinforce } from '../../models/reinforce.ts';
import { type RecentScorer, trainedRecentScorer } from '../../scoring/recent-scorer.ts';
import { trainModel } from '../../training/train.ts';
import { type Learner, learnerKind, type Opening, type Outcomes, type Situations } from './learner.ts';
import { drawDifferent } from './uniform.ts';

const logOptions = z.strictObject({
  log: z
    .int()
    .min(100)
    .default(8000)
    .meta({ doc: 'decisions by chance, over all people, before the model is trained' }),
  epochs: z.int().min(1).default(20).meta({ doc: 'passes over what was taken' }),
  learningRate: z.number().positive().default(0.003).meta({ doc: 'η of Adam' }),
  units: modelOptions.shape.units.default(32),
  maxLength: modelOptions.shape.maxLength.default(5),
});

const reinforceOptions = logOptions.extend({
  discount: modelOptions.shape.discount,
  cap: modelOptions.shape.cap,
});

type Options = z.output<typeof logOptions>;
type Aim = Partial<z.output<typeof modelOptions>>;

class FromLog implements Learner {
  readonly #opening: Opening;
  readonly #options: Options;
  readonly #config: z.output<typeof modelOptions>;
  readonly #random: FastRandom;
  readonly #pool: Int32Array;
  /** Visits that have ended: what was taken, with rewards. */
  readonly #visits: { readonly items: number[]; readonly rewards: number[] }[] = [];
  /** Of everybody who is there. */
  #present: { items: number[]; rewards: number[] }[] = [];
  #seen = 0;
  #scorer: RecentScorer | null = null;

  constructor(opening: Opening, options: Options, aim: Aim) {
    const { place, random } = opening;
    if (!place.isFixed)
      throw new DeepTasteError(
        'config',
        `policy: a model of sequences must know items again by their number, ${place.world} shows others in each decision; take slateq there`,
      );
    this.#opening = opening;
    this.#options = options;
    const { units, maxLength } = options;
    this.#config = modelOptions.parse({ units, maxLength, factors: 16, ...aim });
    this.#random = new FastRandom(random.child('log'));
    this.#pool = new Int32Array(place.actions);
  }

  choose({ n }: Situations, shown: Int32Array): void {
    const { slate, actions } = this.#opening.place;
    while (this.#present.length < n) this.#present.push({ items: [], rewards: [] });
    for (let person = 0; person < n; person++)
      shown.set(drawDifferent(this.#pool, slate, this.#random), person * slate);
    if (!this.#scorer) return;
    const { maxLength } = this.#options;
    const prefixes = this.#present.slice(0, n).map(({ items }) => Int32Array.from(items.slice(-maxLength)));
    const scores = new Float32Array(n * actions);
    this.#scorer.scoresOf(prefixes, scores, new Int32Array(n).fill(-1));
    for (let person = 0; person < n; person++) {
      if (prefixes[person].length === 0) continue;
      const own = scores.subarray(person * actions, (person + 1) * actions);
      const best = Array.from(own.keys()).sort((a, b) => own[b] - own[a] || a - b);
      shown.set(best.slice(0, slate), person * slate);
    }
  }

  async learn({ before, shown, taken, reward, isOver }: Outcomes): Promise<void> {
    const { slate } = this.#opening.place;
    for (let person = 0; person < before.n; person++) {
      const visit = this.#present[person];
      if (taken[person] >= 0) {
        visit.items.push(shown[person * slate + taken[person]]);
        visit.rewards.push(reward[person]);
      }
      if (!isOver[person]) continue;
      if (!this.#scorer && visit.items.length > 1) this.#visits.push(visit);
      this.#present[person] = { items: [], rewards: [] };
    }
    this.#seen += before.n;
    if (!this.#scorer && this.#seen >= this.#options.log) await this.#fit();
  }

  async #fit(): Promise<void> {
    const { place, random } = this.#opening;
    const engine = this.#opening.engine();
    const { epochs, learningRate } = this.#options;
    const start = new Int32Array(this.#visits.length + 1);
    this.#visits.forEach(({ items }, n) => {
      start[n + 1] = start[n] + items.length;
    });
    const data: Sequences = {
      nItems: place.actions,
      start,
      items: Int32Array.from(this.#visits.flatMap(({ items }) => items)),
      reward: Float32Array.from(this.#visits.flatMap(({ rewards }) => rewards)),
      time: null,
      owner: null,
    };
    const config = this.#config;
    const settings = { epochs, batchSize: 256, optimizer: { learningRate }, patience: 0 };
    const { weights } = await trainModel({
      engine,
      model: reinforce,
      config,
      training: reinforce.learn.examples.settings.parse(settings),
      data,
      seed: random.child('training').uint32(),
      progress: silent,
      fingerprint: place.world,
    });
    this.#scorer = trainedRecentScorer(engine, reinforce, config, place.actions, weights);
  }

  free(): void {
    this.#scorer?.free();
  }
}

export const nextClick = learnerKind({
  name: 'next-click',
  title: 'Next click',
  options: logOptions,
  open: (opening, options) => new FromLog(opening, options, { discount: 0, correction: 'none', topK: 1 }),
});

export const topKReinforce = learnerKind({
  name: 'reinforce',
  title: 'Top-K REINFORCE',
  options: reinforceOptions,
  open: (opening, { discount, cap, ...options }) =>
    new FromLog(opening, options, { discount, cap, topK: opening.place.slate }),
});
