/** From what training, the store and the caller know of somebody to the request that a recommender is asked with. */
import { joinedAscending, rowOf } from '../../data/sparse-rows.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { Request } from '../../recommender/request.ts';
import type { Catalogue } from './catalogue.ts';
import type { Route, Somebody } from './question.ts';

export interface KnownSomebody {
  /** What the model can be asked with; null where it knows nothing of the person. */
  readonly request: Request | null;
  readonly route: Route;
  /** Items of the catalogue that the person took, the oldest first where an order is known. */
  readonly taken: readonly number[];
  readonly unknownItems: readonly string[];
}

export function knownSomebody(recommender: Recommender, catalogue: Catalogue, person: Somebody): KnownSomebody {
  const { parts, asks } = recommender;
  const users = person.isGiven ? [] : person.ids.flatMap((id) => parts.users.indexOf(id) ?? []);
  const trained = trainedItems(recommender, users);
  const told = person.items.flatMap((id) => catalogue.indexOf(id) ?? []);
  const unknownItems = person.items.filter((id) => catalogue.indexOf(id) === undefined);
  const isOrdered = asks.sessions !== null;
  const news = told.length === 0 ? told : isOrdered ? told.slice(overlap(trained, told)) : distinctFrom(trained, told);
  const taken = [...trained, ...news];
  const known = (request: Request | null, route: Route): KnownSomebody => ({ request, route, taken, unknownItems });
  if (!asks.by.includes('history')) {
    const row = { ...person.fields, ...person.row };
    if (users.length > 0) return known({ user: parts.users.idOf(users[0]), row }, 'model');
    return known(Object.keys(row).length > 0 ? { row } : null, 'content');
  }
  // a model that looks at no cells says so itself
  const cells = person.row === null ? {} : { row: person.row };
  const isKnown = (item: number): boolean => item < catalogue.nKnown && asks.isServed(item);
  const fresh = news.some(isKnown);
  if (users.length === 1 && !fresh && trained.some(isKnown)) {
    return known({ user: parts.users.idOf(users[0]), ...cells }, 'model');
  }
  const history = taken.filter(isKnown);
  if (history.length === 0) return known(person.row === null ? null : { history: [], ...cells }, 'fold-in');
  return known({ history: history.map((item) => catalogue.idOf(item)), ...cells }, 'fold-in');
}

/** What these users took in training and in held-out rows; of models of sequences their histories one after the other. */
function trainedItems({ parts }: Recommender, users: readonly number[]): number[] {
  return users.flatMap((user) => {
    const row = rowOf(parts.seen, user);
    return [...(parts.heldOut ? joinedAscending(row, rowOf(parts.heldOut, user)) : row)];
  });
}

function distinctFrom(known: readonly number[], told: readonly number[]): number[] {
  const isKnown = new Set(known);
  return told.filter((item) => !isKnown.has(item));
}

/** How many of the first events of `later` are the last ones of `former`: told again after a training that had them. */
export function overlap(former: readonly number[], later: readonly number[]): number {
  for (let n = Math.min(former.length, later.length); n > 0; n--) {
    const from = former.length - n;
    if (later.slice(0, n).every((item, place) => item === former[from + place])) return n;
  }
  return 0;
}
