/**
 * CopyAttack (Fan, Derr, Zhao, Ma, Liu, Wang, Tang, Li: Attacking black-box recommendations via copying cross-domain user profiles. ICDE 2021):
 * fake people are copies of real people of another source who took the target, cut to a window around it. Two choices are learned by
 * REINFORCE from what spy users are shown: whose profile is copied, P(j) ∝ exp(a_j), and how wide the window is, P(w) ∝ exp(b_w) for
 * w = 10 %, 20 % … 100 % of the profile, at most what the budget allows. With baseline r̄ of the rewards so far,
 *   a ← a + η (r − r̄) ∇ log P(j),   b ← b + η (r − r̄) ∇ log P(w)
 * Differences: choices are softmax tables where the paper walks a tree of clusters of profile embeddings with networks at its nodes. Where
 * nobody of the source took a target, it is put into a profile in place of its last row.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import { loadDataset } from '../../data/load.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { nearestRating, type RatingStatistics, ratingStatistics } from '../real-people.ts';
import { type AttackOrder, attackKind, type Oracle } from './attack.ts';
import { drawnRating } from './fillers.ts';
import { hitsOf } from './spied-hits.ts';

const options = z.strictObject({
  source: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .meta({ doc: 'file of the other source, whose items have ids of the data; null = the data themselves' }),
  attacks: z.int().min(1).max(1000).default(4).meta({ doc: 'attacks that are asked between two updates' }),
  learningRate: z.number().positive().max(10).default(0.5).meta({ doc: 'η' }),
});

const WINDOWS = 10;

/** What somebody of the source took, in items of the data, in the order of time where that is known. */
interface Profile {
  readonly items: Int32Array;
  /** One an item; null where the source has none. */
  readonly ratings: Float32Array | null;
}

export const copyAttack = attackKind({
  name: 'copy-attack',
  title: 'CopyAttack',
  paper: 'Fan et al., ICDE 2021',
  knowledge: 'black',
  goals: ['promote'],
  needsRatings: false,
  options,
  craft: async (order, { source, attacks, learningRate }) => {
    const { targets, random, progress = silent } = order;
    const oracle = order.oracle as Oracle;
    const profiles = await sourceProfiles(order, source);
    const ratings = ratingStatistics(order.data);
    const choices = Array.from(targets, (target) => new CopyChoice(profiles, target));
    let best: { readonly copies: readonly FakeProfile[]; readonly reward: number } | null = null;
    let [baseline, rounds] = [0, 0];
    const asked = oracle.left;
    const task = progress.start('copy-attack', asked, 'questions');
    while (oracle.left > 0) {
      const drawn: { readonly picks: readonly CopyPick[]; readonly reward: number }[] = [];
      for (let n = 0; n < attacks && oracle.left > 0; n++) {
        const own = random.child(`attack ${asked - oracle.left}`);
        const picks = Array.from(order.budget.lengths, (_, k) => choices[k % choices.length].pick(own));
        const copies = picks.map((pick, k) => {
          const ratingDraws = own.child(`ratings ${k}`);
          return copyOf(targets, ratings, choices[k % choices.length], pick, order.budget.lengths[k], ratingDraws);
        });
        const reward = hitsOf(await oracle.ask(copies), targets, oracle.k);
        drawn.push({ picks, reward });
        if (best === null || reward > best.reward) best = { copies, reward };
        task.update(asked - oracle.left, `best ${best.reward.toFixed(0)}`);
      }
      const mean = drawn.reduce((sum, { reward }) => sum + reward, 0) / drawn.length;
      baseline = rounds === 0 ? mean : 0.8 * baseline + 0.2 * mean;
      rounds++;
      for (const { picks, reward } of drawn)
        for (const [k, pick] of picks.entries())
          choices[k % choices.length].learn(pick, (learningRate * (reward - baseline)) / drawn.length);
    }
    task.end();
    return best?.copies ?? [];
  },
});

interface CopyPick {
  readonly profile: number;
  readonly window: number;
}

/** What is learned for one target. */
class CopyChoice {
  readonly target: number;
  /** Profiles that hold the target, or all where none does. */
  readonly profiles: readonly Profile[];
  readonly #people: Float64Array;
  readonly #windows = new Float64Array(WINDOWS);

  constructor(all: readonly Profile[], target: number) {
    const holding = all.filter(({ items }) => items.includes(target));
    this.target = target;
    this.profiles = holding.length > 0 ? holding : all;
    this.#people = new Float64Array(this.profiles.length);
  }

  pick(random: RandomStream): CopyPick {
    return { profile: drawn(softmax(this.#people), random), window: drawn(softmax(this.#windows), random) };
  }

  learn({ profile, window }: CopyPick, step: number): void {
    for (const [values, chosen] of [
      [this.#people, profile],
      [this.#windows, window],
    ] as const) {
      const chances = softmax(values);
      chances.forEach((chance, n) => {
        values[n] += step * ((n === chosen ? 1 : 0) - chance);
      });
    }
  }
}

/**
 * The window of the profile around the target, which stands in its middle as far as there are items on both sides. Ratings are those of
 * whoever is copied, on the scale of the data; of a source without any they are drawn like those of each item.
 */
function copyOf(
  targets: Int32Array,
  ratings: RatingStatistics | null,
  { target, profiles }: CopyChoice,
  pick: CopyPick,
  most: number,
  random: RandomStream,
): FakeProfile {
  const profile = profiles[pick.profile];
  const { length } = profile.items;
  const width = Math.max(1, Math.min(most, Math.round(((pick.window + 1) / WINDOWS) * length)));
  const at = profile.items.indexOf(target);
  const from = at < 0 ? 0 : Math.max(0, Math.min(length - width, at - Math.floor(width / 2)));
  const items = profile.items.slice(from, from + width);
  if (at < 0) items[items.length - 1] = target;
  if (!ratings) return { items, ratings: null };
  const rated = (item: number, n: number) =>
    targets.includes(item)
      ? ratings.high
      : nearestRating(ratings, profile.ratings?.[from + n] ?? drawnRating(ratings, item, random));
  return { items, ratings: Float32Array.from(items, rated) };
}

/** @throws DeepTasteError `data`: the source shares no items with the data */
async function sourceProfiles({ data }: AttackOrder, source: string | null): Promise<readonly Profile[]> {
  const other = source === null ? data : await loadDataset({ files: [source] });
  const { interactions, users, items } = other;
  const own = Int32Array.from({ length: items.size }, (_, item) => data.items.indexOf(items.idOf(item)) ?? -1);
  const { time, rating, length, userIndex, itemIndex } = interactions;
  const rows = Int32Array.from({ length }, (_, row) => row);
  if (time) rows.sort((a, b) => time[a] - time[b] || a - b);
  const lists = Array.from({ length: users.size }, (): Map<number, number> => new Map());
  for (const row of rows) {
    const item = own[itemIndex[row]];
    if (item >= 0) lists[userIndex[row]].set(item, rating?.[row] ?? 1);
  }
  const profiles = lists
    .filter((list) => list.size > 0)
    .map((list) => ({ items: Int32Array.from(list.keys()), ratings: rating && Float32Array.from(list.values()) }));
  if (profiles.length === 0)
    throw new DeepTasteError(
      'data',
      `attack copy-attack: the items of ${other.name} must have ids of ${data.name}, found none; take a source about the same items`,
    );
  return profiles;
}

function softmax(values: Float64Array): Float64Array {
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function drawn(chances: Float64Array, random: RandomStream): number {
  let left = random.uniform();
  for (let n = 0; n < chances.length; n++) {
    left -= chances[n];
    if (left < 0) return n;
  }
  return chances.length - 1;
}
