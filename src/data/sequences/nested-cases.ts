/**
 * Lists of cases are often whole sessions written out: (a b c → d), (a b → c), (a → b). Found again, in whatever order they are
 * listed, a session is stepped through once instead of once a case, unknown items leave it as they leave the session of a table,
 * and intervals are taken over sessions, whose cases hang together.
 */
import type { PrefixCases, Sequences } from './sequences.ts';

export interface NestedCases {
  /** Longest prefix and target of each session, ordered by their items. */
  readonly sequences: Sequences;
  /** 1 for events that a case asks for; never the first of a sequence. [E] */
  readonly isTarget: Uint8Array;
}

/**
 * Joins a case with one that is the same without its last event: its target is the last item of this prefix, its prefix the
 * rest. A case that is not listed because its target is unknown to training does not part a session. Each case is part of one
 * session; of equal cases each is part of another. Cases that do not nest stay alone.
 * @param isKnown whether training has an item
 */
export function nestCases({ prefixes, target }: PrefixCases, isKnown: (item: number) => boolean): NestedCases {
  const { start } = prefixes;
  const tree = new CaseTree(prefixes, target, isKnown);
  const order = tree.longestFirst();
  const isJoined = new Uint8Array(target.length);
  const [starts, items, marks]: [number[], number[], number[]] = [[0], [], []];
  for (const longest of order) {
    if (isJoined[longest] === 1) continue;
    const length = start[longest + 1] - start[longest] + 1;
    const first = items.length;
    for (let event = start[longest]; event < start[longest + 1]; event++) items.push(prefixes.items[event]);
    items.push(target[longest]);
    for (let p = 0; p < length; p++) marks.push(0);
    for (let c = longest; c >= 0; c = tree.takeBefore(c)) {
      isJoined[c] = 1;
      marks[first + start[c + 1] - start[c]] = 1;
    }
    starts.push(items.length);
  }
  return {
    sequences: {
      nItems: prefixes.nItems,
      start: Int32Array.from(starts),
      items: Int32Array.from(items),
      time: null,
      owner: null,
    },
    isTarget: Uint8Array.from(marks),
  };
}

/** A node for every sequence of items that a case, or the beginning of one, is; node 0 is the empty one. */
class CaseTree {
  readonly #parent: number[] = [-1];
  readonly #depth: number[] = [0];
  readonly #item: number[] = [-1];
  readonly #children = new Map<number, number>();
  readonly #nodeOf: Int32Array; // [cases]
  /** Cases of a node that no session has taken yet. */
  readonly #waiting = new Map<number, number[]>();
  readonly #nKeys: number;
  readonly #isKnown: (item: number) => boolean;

  constructor({ items, start, nItems }: Sequences, target: Int32Array, isKnown: (item: number) => boolean) {
    this.#nKeys = nItems + 1;
    this.#isKnown = isKnown;
    this.#nodeOf = target.map((last, c) => {
      let node = 0;
      for (let event = start[c]; event < start[c + 1]; event++) node = this.#child(node, items[event]);
      return this.#child(node, last);
    });
    for (let c = target.length - 1; c >= 0; c--) {
      const waiting = this.#waiting.get(this.#nodeOf[c]);
      if (waiting) waiting.push(c);
      else this.#waiting.set(this.#nodeOf[c], [c]);
    }
  }

  #child(node: number, item: number): number {
    const key = node * this.#nKeys + item + 1;
    const known = this.#children.get(key);
    if (known !== undefined) return known;
    const made = this.#parent.push(node) - 1;
    this.#depth.push(this.#depth[node] + 1);
    this.#item.push(item);
    this.#children.set(key, made);
    return made;
  }

  /** The case before this one in its session, now in no other; −1 when there is none. */
  takeBefore(c: number): number {
    for (let node = this.#parent[this.#nodeOf[c]]; node > 0; node = this.#parent[node]) {
      const found = this.#waiting.get(node)?.pop();
      if (found !== undefined) return found;
      if (this.#isKnown(this.#item[node])) break;
    }
    return -1;
  }

  /** The cases, those with the most events first, of equally many in the order of their items: no matter how they are listed. */
  longestFirst(): Int32Array {
    const rank = this.#ranks();
    const order = Int32Array.from(this.#nodeOf.keys());
    const [node, depth] = [this.#nodeOf, this.#depth];
    return order.sort((a, b) => depth[node[b]] - depth[node[a]] || rank[node[a]] - rank[node[b]] || a - b);
  }

  /** Of each node its place among all nodes of its depth: by its beginning, then by its last item. */
  #ranks(): Int32Array {
    const [depth, parent, item] = [this.#depth, this.#parent, this.#item];
    const rank = new Int32Array(depth.length);
    const deepest = depth.reduce((most, d) => Math.max(most, d), 0);
    const byDepth: number[][] = Array.from({ length: deepest + 1 }, () => []);
    depth.forEach((d, node) => {
      byDepth[d].push(node);
    });
    for (const nodes of byDepth) {
      nodes.sort((a, b) => rank[parent[a]] - rank[parent[b]] || item[a] - item[b]);
      nodes.forEach((node, place) => {
        rank[node] = place;
      });
    }
    return rank;
  }
}
