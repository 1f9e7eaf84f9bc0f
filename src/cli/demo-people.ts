/** For whom the demo recommends: two members with different tastes and their latest films, and somebody who just joined. */
import { RandomStream } from '../core/random.ts';
import { displayName, type Split } from '../data/dataset.ts';
import type { Answer } from '../recommender/answer.ts';
import type { Recommender } from '../recommender/recommender.ts';

export interface DemoPerson {
  readonly name: string;
  /** Null for the newcomer, whom the model has never seen. */
  readonly user: string | null;
  /** Latest first for members. */
  readonly history: readonly { readonly item: string; readonly title: string }[];
  readonly answer: Answer;
}

const RECOMMENDATIONS = 5;
const SHOWN_FILMS = 5;
const FEWEST_FILMS = 15;
const MOST_FILMS = 80;

export function demoPeople(recommender: Recommender, split: Split, seed: number): DemoPerson[] {
  const random = new RandomStream(seed, 'demo/people');
  const histories = filmsByTime(split);
  const members = twoMembers(split, histories, random).map((index): DemoPerson => {
    const { users, userFields } = split.dataset;
    const user = users.idOf(index);
    return {
      name: displayName(users, userFields, index),
      user,
      history: titled(split, histories[index].slice(-SHOWN_FILMS).reverse()),
      answer: recommender.recommend({ user }, { k: RECOMMENDATIONS }),
    };
  });
  return [...members, newcomer(recommender, split, random)];
}

/** Items of each user's training rows, oldest first. */
function filmsByTime({ train, dataset }: Split): number[][] {
  const films = Array.from({ length: dataset.users.size }, (): number[] => []);
  const order = Int32Array.from({ length: train.length }, (_, row) => row);
  if (train.time) order.sort((a, b) => train.time![a] - train.time![b] || a - b);
  for (const row of order) films[train.userIndex[row]].push(train.itemIndex[row]);
  return films;
}

/** Members of ordinary activity who name different favourite genres. */
function twoMembers({ dataset }: Split, histories: readonly number[][], random: RandomStream): number[] {
  const favourite = dataset.userFields.fields.find(({ name }) => name === 'favourite_genre')?.values ?? [];
  const candidates = random.shuffle(
    histories.flatMap(({ length }, user) => (length >= FEWEST_FILMS && length <= MOST_FILMS ? [user] : [])),
  );
  const [first] = candidates;
  const other = candidates.find((user) => favourite[user] !== favourite[first]);
  return [first, other ?? candidates[1]];
}

/** Somebody who names four well-known films of one genre. */
function newcomer(recommender: Recommender, split: Split, random: RandomStream): DemoPerson {
  const { dataset, train } = split;
  const count = new Int32Array(dataset.items.size);
  for (const item of train.itemIndex) count[item]++;
  const genres = dataset.itemFields.fields.find(({ name }) => name === 'genres')?.values ?? [];
  const genresOf = (item: number) => (genres[item] ?? []) as readonly string[];
  const known = Array.from(count.keys()).sort((a, b) => count[b] - count[a] || a - b);
  const choices = [...new Set(known.slice(0, 100).flatMap(genresOf))].sort();
  const genre = choices[random.below(choices.length)];
  const films = known.filter((item) => genresOf(item).includes(genre)).slice(0, 4);
  const history = titled(split, films);
  const answer = recommender.recommend({ history: history.map(({ item }) => item) }, { k: RECOMMENDATIONS });
  return { name: 'A newcomer', user: null, history, answer };
}

function titled({ dataset }: Split, films: readonly number[]): { item: string; title: string }[] {
  const { items, itemFields } = dataset;
  return films.map((index) => ({ item: items.idOf(index), title: displayName(items, itemFields, index) }));
}
