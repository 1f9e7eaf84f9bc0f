/** Which items an attack is about: named ones, or some drawn from the data. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { RandomStream } from '../core/random.ts';
import type { Split } from '../data/dataset.ts';
import { itemsByUser } from '../evaluation/ranking.ts';
import { byPopularity, popularityOf } from './real-people.ts';

/**
 * unpopular: drawn from the half of the items with training rows that fewest people took; random: from all of these; popular: from the
 * tenth that most people took, for attacks that demote.
 */
export const drawnTargets = ['unpopular', 'random', 'popular'] as const;
export type DrawnTargets = (typeof drawnTargets)[number];

export type Targets = { readonly ids: readonly string[] } | { readonly drawn: DrawnTargets; readonly count: number };

/** Dense indices, ascending. @throws DeepTasteError `not-found`: an item that the data do not have; `config`: more than there are */
export function targetsOf(split: Split, targets: Targets, random: RandomStream): Int32Array {
  const { items } = split.dataset;
  if ('ids' in targets) return Int32Array.from(new Set(named(split, targets.ids))).sort();
  const popularity = popularityOf(itemsByUser(split, split.train), items.size);
  const ranked = byPopularity(popularity).filter((item) => popularity[item] > 0);
  const from = {
    unpopular: ranked.slice(Math.floor(ranked.length / 2)),
    random: ranked,
    popular: ranked.slice(0, Math.ceil(ranked.length / 10)),
  }[targets.drawn];
  if (targets.count > from.length)
    throw new DeepTasteError(
      'config',
      `targets: ${targets.count} ${targets.drawn} items must be there, found ${from.length}; take fewer targets`,
    );
  return random.shuffle(from).slice(0, targets.count).sort();
}

/** Ids may hold commas, by which a list of them is cut: of the parts that follow each other the most that make an id are one. */
function named(split: Split, parts: readonly string[]): number[] {
  const { items } = split.dataset;
  const found: number[] = [];
  for (let from = 0; from < parts.length; ) {
    let to = parts.length;
    while (to > from + 1 && items.indexOf(parts.slice(from, to).join(',')) === undefined) to--;
    found.push(indexOf(split, parts.slice(from, to).join(',')));
    from = to;
  }
  return found;
}

function indexOf({ dataset: { items, name } }: Split, id: string): number {
  const index = items.indexOf(id);
  if (index !== undefined) return index;
  const near = items.size <= 100_000 ? suggestion(id, items.ids) : '';
  throw new DeepTasteError('not-found', `targets: ${name} has no item "${id}"${near}`, { id });
}
