/** Which events of held-out sequences are to be predicted, as one form for whole sequences and for listed cases. */
import { DeepTasteError } from '../../core/errors.ts';
import { nestCases } from '../../data/sequences/nested-cases.ts';
import { nSequences } from '../../data/sequences/select-sequences.ts';
import type { HeldOutSequences } from '../../data/sequences/sequence-data.ts';
import type { Sequences } from '../../data/sequences/sequences.ts';
import type { SparseRows } from '../../data/sparse-rows.ts';

/** T targets in sequences that are stepped through event by event. */
export interface TargetEvents {
  readonly sequences: Sequences;
  /** Number of the target that an event is; −1 = it is none. [E] */
  readonly targetOf: Int32Array;
  /** The sequence of each target. [T] */
  readonly sequenceOf: Int32Array;
  /** The item of each target, −1 = unknown to training: a miss. [T] */
  readonly item: Int32Array;
  /** Candidates of each target besides itself; null = all items. */
  readonly candidates: SparseRows | null;
}

/**
 * Whole sequences: every event but the first of each. Cases: their targets, nested cases being found again as the session
 * they come from, unless they have candidates.
 * @throws DeepTasteError `data`: there is nothing to predict
 */
export function targetEvents(heldOut: HeldOutSequences): TargetEvents {
  if (heldOut.kind === 'sequences') return everyEvent(heldOut.sequences);
  const { sequences, caseOf } = nestCases(heldOut.cases);
  const sequenceOf = new Int32Array(heldOut.cases.target.length);
  for (let s = 0; s < nSequences(sequences); s++)
    for (let event = sequences.start[s]; event < sequences.start[s + 1]; event++)
      if (caseOf[event] >= 0) sequenceOf[caseOf[event]] = s;
  return checked({
    ...{ sequences, targetOf: caseOf, sequenceOf, item: heldOut.cases.target, candidates: heldOut.candidates },
  });
}

function everyEvent(sequences: Sequences): TargetEvents {
  const { start, items } = sequences;
  const targetOf = new Int32Array(items.length).fill(-1);
  const sequenceOf = new Int32Array(items.length);
  const item = new Int32Array(items.length);
  let n = 0;
  for (let s = 0; s + 1 < start.length; s++)
    for (let event = start[s] + 1; event < start[s + 1]; event++) {
      sequenceOf[n] = s;
      item[n] = items[event];
      targetOf[event] = n++;
    }
  return checked({ sequences, targetOf, sequenceOf: sequenceOf.slice(0, n), item: item.slice(0, n), candidates: null });
}

function checked(targets: TargetEvents): TargetEvents {
  if (targets.item.length > 0) return targets;
  throw new DeepTasteError(
    'data',
    'evaluate: held-out sequences must have an event to predict, found none of two or more events; hold out more',
  );
}
