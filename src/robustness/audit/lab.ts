/** Trainings of one victim with fake people who push one item, all by one seed. */
import { RandomStream } from '../../core/random.ts';
import type { Dataset, Split } from '../../data/dataset.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import type { Run } from '../../runs/train-run.ts';
import { carryOut } from '../attacks/attack.ts';
import { attackNamed } from '../attacks/index.ts';
import { drawBudget } from '../budget.ts';
import { addFakesToSplit } from '../fake-profiles.ts';
import { exposablePairs, hitCutoffs, targetStanding } from '../target-standing.ts';
import { targetsOf } from '../targets.ts';
import { metricOf, trainVictim, type Victim } from '../victims.ts';

export interface LabOptions {
  readonly engine: Engine;
  readonly split: Split;
  readonly victim: Victim;
  readonly attack: string;
  readonly seed: number;
}

/** One training. */
export interface Standing {
  /** Share of top-10 lists of real people with the item. */
  readonly hits: number;
  /** First metric of the victim's evaluation, of held-out items of real people; null where nothing is held out. */
  readonly accuracy: number | null;
}

/** Items that are drawn in search of one that hardly anybody is shown. */
const TRIES = 5;

export class Lab {
  readonly #options: LabOptions;
  readonly #random: RandomStream;

  constructor(options: LabOptions) {
    this.#options = options;
    this.#random = new RandomStream(options.seed, 'audit/cost');
  }

  /**
   * Trains without fake people, and draws an unpopular item that is in fewer than `wanted` of the lists: the first one of a few, or, where
   * none of them is, the one in fewest.
   */
  async drawTarget(wanted: number): Promise<{ readonly item: number; readonly clean: Standing }> {
    const { engine, split, victim, seed } = this.#options;
    const run = await trainVictim(engine, split, victim, seed);
    try {
      let least: { readonly item: number; readonly clean: Standing } | null = null;
      for (let n = 0; n < TRIES; n++) {
        const random = this.#random.child(n === 0 ? 'target' : `target ${n}`);
        const [item] = targetsOf(split, { drawn: 'unpopular', count: 1 }, random);
        const clean = this.#standing(run, split, victim, item);
        if (least === null || clean.hits < least.clean.hits) least = { item, clean };
        if (clean.hits < wanted) break;
      }
      return least!;
    } finally {
      run.recommender.close();
    }
  }

  async train(split: Split, item: number, victim: Victim = this.#options.victim): Promise<Standing> {
    const { engine, seed } = this.#options;
    const run = await trainVictim(engine, split, victim, seed);
    try {
      return this.#standing(run, split, victim, item);
    } finally {
      run.recommender.close();
    }
  }

  #standing({ recommender, result }: Run, split: Split, victim: Victim, item: number): Standing {
    const { engine, split: clean } = this.#options;
    const targets = Int32Array.of(item);
    const { hits } = targetStanding(engine, split, recommender, targets, exposablePairs(clean, targets));
    const value = result?.metrics[metricOf(victim)] ?? null;
    const accuracy = typeof value === 'object' ? (value?.mean ?? null) : value;
    return { hits: hits[hitCutoffs.indexOf(10)], accuracy };
  }

  /** The split with so many fake people who push the item; fewer of them are the first of more. */
  async poison(fakes: number, item: number): Promise<{ readonly split: Split; readonly fakeUsers: Int32Array }> {
    const { engine, split, attack } = this.#options;
    const data: Dataset = { ...split.dataset, interactions: split.train };
    const profiles = await carryOut(attackNamed(attack), {
      data,
      targets: Int32Array.of(item),
      goal: 'promote',
      budget: drawBudget(data, { count: fakes }, 'matched', this.#random.child('budget')),
      random: this.#random.child('craft'),
      engine: () => engine,
    });
    return addFakesToSplit(split, profiles, this.#random.child('fake people'));
  }
}
