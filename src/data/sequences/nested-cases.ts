/**
 * Lists of cases are often whole sessions written out: (a b c → d), (a b → c), (a → b). Found again, a session is stepped
 * through once instead of once a case, and intervals can be taken over sessions, whose cases hang together.
 */
import type { PrefixCases, Sequences } from './sequences.ts';

export interface NestedCases {
  /** Longest prefix and target of each run of nested cases. */
  readonly sequences: Sequences;
  /** The case whose target an event is; −1 where no case asks for it. [E] */
  readonly caseOf: Int32Array;
}

/**
 * Joins a case with the one listed after it when that is the same without its last event: its target is the last item of this
 * prefix, its prefix the rest. Cases that do not nest stay alone.
 */
export function nestCases({ prefixes, target }: PrefixCases): NestedCases {
  const { start } = prefixes;
  const nCases = target.length;
  const items: number[] = [];
  const caseOf: number[] = [];
  const starts: number[] = [0];
  const owners: number[] = [];
  for (let first = 0; first < nCases; ) {
    let end = first + 1;
    while (end < nCases && isNested(prefixes, target, end - 1, end)) end++;
    for (let event = start[first]; event < start[first + 1]; event++) items.push(prefixes.items[event]);
    items.push(target[first]);
    for (let p = 0; p <= start[first + 1] - start[first]; p++) caseOf.push(-1);
    for (let c = first; c < end; c++) caseOf[caseOf.length - 1 - (c - first)] = c;
    starts.push(items.length);
    if (prefixes.owner) owners.push(prefixes.owner[first]);
    first = end;
  }
  return {
    sequences: {
      ...{ nItems: prefixes.nItems, start: Int32Array.from(starts), items: Int32Array.from(items), time: null },
      owner: prefixes.owner && Int32Array.from(owners),
    },
    caseOf: Int32Array.from(caseOf),
  };
}

/** Is case `next` case `c` one event earlier? */
function isNested(
  { start, items, owner }: PrefixCases['prefixes'],
  target: Int32Array,
  c: number,
  next: number,
): boolean {
  const length = start[c + 1] - start[c];
  if (start[next + 1] - start[next] !== length - 1 || target[next] !== items[start[c + 1] - 1]) return false;
  if (owner !== null && owner[c] !== owner[next]) return false;
  for (let p = 0; p < length - 1; p++) if (items[start[c] + p] !== items[start[next] + p]) return false;
  return length > 1;
}
