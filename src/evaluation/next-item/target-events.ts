/** Which events of held-out sequences are to be predicted, as one form for whole sequences and for listed cases. */
import { DeepTasteError } from '../../core/errors.ts';
import type { HeldOutSequences } from '../../data/sequences/sequence-data.ts';
import type { PrefixCases, Sequences } from '../../data/sequences/sequences.ts';
import { rowOf, type SparseRows } from '../../data/sparse-rows.ts';

/** T targets in sequences that are stepped through event by event. */
export interface TargetEvents {
  readonly sequences: Sequences;
  /** Number of the target that an event is; −1 = it is none. [E] */
  readonly targetOf: Int32Array;
  /** The sequence of each target. [T] */
  readonly sequenceOf: Int32Array;
  /** The item of each target, −1 = unknown to training: a miss. [T] */
  readonly item: Int32Array;
  /** Candidates of all targets of a sequence, by sequence; null = all items. */
  readonly candidates: SparseRows | null;
}

/** What a target is ranked among, itself perhaps included; null = all items. */
export function candidatesOf({ candidates, sequenceOf }: TargetEvents, target: number): Int32Array | null {
  return candidates && rowOf(candidates, sequenceOf[target]);
}

/**
 * Whole sequences: every event but the first of each, or those that are marked. Cases: their targets.
 * @throws DeepTasteError `data`: there is nothing to predict
 */
export function targetEvents(heldOut: HeldOutSequences): TargetEvents {
  const { candidates = null } = heldOut;
  if (heldOut.kind === 'cases') return { ...ofCases(heldOut.cases), candidates };
  return { ...ofSequences(heldOut.sequences, heldOut.isTarget ?? null), candidates };
}

function ofSequences(sequences: Sequences, isTarget: Uint8Array | null): Omit<TargetEvents, 'candidates'> {
  const { start, items } = sequences;
  const targetOf = new Int32Array(items.length).fill(-1);
  const sequenceOf = new Int32Array(items.length);
  const item = new Int32Array(items.length);
  let n = 0;
  for (let s = 0; s + 1 < start.length; s++)
    for (let event = start[s] + 1; event < start[s + 1]; event++) {
      if (isTarget !== null && isTarget[event] === 0) continue;
      sequenceOf[n] = s;
      item[n] = items[event];
      targetOf[event] = n++;
    }
  return checked({ sequences, targetOf, sequenceOf: sequenceOf.slice(0, n), item: item.slice(0, n) });
}

/** Every case is a sequence whose last event is the target. */
function ofCases({ prefixes, target }: PrefixCases): Omit<TargetEvents, 'candidates'> {
  const { start } = prefixes;
  const starts = start.map((first, c) => first + c);
  const items = new Int32Array(prefixes.items.length + target.length);
  const targetOf = new Int32Array(items.length).fill(-1);
  for (let c = 0; c < target.length; c++) {
    items.set(prefixes.items.subarray(start[c], start[c + 1]), starts[c]);
    items[starts[c + 1] - 1] = target[c];
    targetOf[starts[c + 1] - 1] = c;
  }
  return checked({
    sequences: { nItems: prefixes.nItems, start: starts, items, time: null, owner: prefixes.owner },
    targetOf,
    sequenceOf: Int32Array.from(target.keys()),
    item: target,
  });
}

function checked<T extends Pick<TargetEvents, 'item'>>(targets: T): T {
  if (targets.item.length > 0) return targets;
  throw new DeepTasteError(
    'data',
    'evaluate: held-out sequences must have an event to predict, found none of two or more events; hold out more',
  );
}
