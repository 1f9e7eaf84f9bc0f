/** What all splits of sequences share: items are those of the training part, and held-out parts are written in their indices. */
import { DeepTasteError } from '../../core/errors.ts';
import type { SplitDescription } from '../dataset.ts';
import type { NestedCases } from './nested-cases.ts';
import {
  itemSupport,
  type KeptItems,
  keepItems,
  lengthOf,
  nSequences,
  renameItems,
  selectEvents,
} from './select-sequences.ts';
import type { HeldOutSequences, SequenceData, SequenceSplit, UnknownItemRule } from './sequence-data.ts';
import type { PrefixCases, Sequences } from './sequences.ts';

interface SplitRequest {
  readonly data: Pick<SequenceData, 'name' | 'by' | 'items' | 'itemFields' | 'users' | 'hash' | 'warnings'> &
    Pick<SequenceSplit, 'former'>;
  readonly train: Sequences;
  /** Item indices are those of `data`. */
  readonly validation: Sequences | PrefixCases | null;
  readonly test: Sequences | PrefixCases | NestedCases | null;
  /** All events of the data, held-out ones too; item indices are those of `data`. */
  readonly whole: () => Sequences;
  /** The split with the validation part given back; null without a validation part. */
  readonly withoutValidation: (() => SequenceSplit) | null;
  readonly unknownItems: UnknownItemRule;
  readonly description: SplitDescription;
}

/** @throws DeepTasteError `data`: no training sequence, or nothing to predict, is left */
export function makeSequenceSplit(request: SplitRequest): SequenceSplit {
  const { data, train, withoutValidation, unknownItems, description } = request;
  const where = `split by ${description.method}`;
  let whole: Sequences | null = null;
  if (train.items.length === 0)
    throw new DeepTasteError('data', `${where}: no sequence is left for training; hold out less`);
  const support = itemSupport(train);
  const nFormer = data.former?.nItems ?? 0;
  const kept = keepItems(data.items, data.itemFields, (item) => support[item] > 0 || item < nFormer);
  const test = request.test && known(request.test, kept, unknownItems);
  const validation = request.validation && known(request.validation, kept, unknownItems);
  if (test) requireTargets(where, 'testing', test.heldOut);
  if (validation) requireTargets(where, 'validation', validation.heldOut);
  return {
    name: data.name,
    by: data.by,
    users: data.users,
    hash: data.hash,
    warnings: data.warnings,
    former: data.former,
    items: kept.items,
    itemFields: kept.itemFields,
    train: renameItems(train, kept.newIndex, kept.items.size),
    validation: validation?.heldOut ?? null,
    test: test?.heldOut ?? null,
    whole: () => {
      whole ??= request.whole();
      return { items: data.items, itemFields: data.itemFields, sequences: whole };
    },
    withoutValidation,
    description: {
      ...description,
      unknownItems,
      nUnknownTestEvents: test?.nUnknown ?? 0,
      nUnknownValidationEvents: validation?.nUnknown ?? 0,
      nTrain: nSequences(train),
      nTrainEvents: train.items.length,
      nTest: test ? sizeOf(test.heldOut) : 0,
      nItems: kept.items.size,
      nValidation: validation ? sizeOf(validation.heldOut) : 0,
    },
  };
}

/** Nothing is held out: all sequences are for training. */
export function holdOutNothing(data: SequenceData): SequenceSplit {
  const { sequences } = data;
  return makeSequenceSplit({
    data,
    train: sequences,
    validation: null,
    test: null,
    whole: () => sequences,
    withoutValidation: null,
    unknownItems: 'miss',
    description: { method: 'none', data: data.hash },
  });
}

/** Whether the data hold events that the training part lacks. */
export function holdsOutEvents(split: SequenceSplit): boolean {
  return split.whole().sequences.items.length > split.train.items.length;
}

/** The split with all events that the data hold for training, for a model that is used and not measured. */
export function wholeSequenceSplit(split: SequenceSplit): SequenceSplit {
  const { items, itemFields, sequences } = split.whole();
  const { name, by, users, hash, warnings, description, former } = split;
  return makeSequenceSplit({
    data: { name, by, users, hash, warnings, items, itemFields, former },
    train: sequences,
    validation: null,
    test: null,
    whole: () => sequences,
    withoutValidation: null,
    unknownItems: 'miss',
    description,
  });
}

function requireTargets(where: string, purpose: string, heldOut: HeldOutSequences): void {
  if (sizeOf(heldOut) > 0) return;
  throw new DeepTasteError(
    'data',
    `${where}: sequences with an event to predict are needed for ${purpose}, none is left; hold out more, or keep unknown items as misses`,
  );
}

/** Sequences or cases. */
function sizeOf(heldOut: HeldOutSequences): number {
  return heldOut.kind === 'cases' ? heldOut.cases.target.length : nSequences(heldOut.sequences);
}

/** A held-out part in the indices of the training items. */
function known(
  part: Sequences | PrefixCases | NestedCases,
  { newIndex, items }: KeptItems,
  rule: UnknownItemRule,
): { heldOut: HeldOutSequences; nUnknown: number } {
  if ('target' in part) return knownCases(part, newIndex, items.size, rule);
  if ('isTarget' in part) return knownTargets(part, newIndex, items.size, rule);
  const renamed = renameItems(part, newIndex, items.size);
  const nUnknown = countUnknown(renamed.items);
  const sequences = selectEvents(renamed, (event) => rule === 'miss' || renamed.items[event] >= 0, 2);
  return { heldOut: { kind: 'sequences', sequences, isTarget: null, candidates: null }, nUnknown };
}

/** As whole sequences, but that only marked events are to be predicted; what has none goes. */
function knownTargets(
  { sequences, isTarget }: NestedCases,
  newIndex: Int32Array,
  nItems: number,
  rule: UnknownItemRule,
): { heldOut: HeldOutSequences; nUnknown: number } {
  const renamed = renameItems(sequences, newIndex, nItems);
  const { start, items } = renamed;
  const hasTarget = new Uint8Array(nSequences(renamed));
  for (let s = 0; s < hasTarget.length; s++) {
    let nBefore = 0;
    for (let event = start[s]; event < start[s + 1]; event++) {
      if (rule === 'remove' && items[event] < 0) continue;
      if (isTarget[event] === 1 && nBefore > 0) hasTarget[s] = 1;
      nBefore++;
    }
  }
  const stays = (event: number, s: number): boolean => hasTarget[s] === 1 && (rule === 'miss' || items[event] >= 0);
  const kept = selectEvents(renamed, stays);
  const marks = new Uint8Array(kept.items.length);
  let n = 0;
  for (let s = 0; s < hasTarget.length; s++)
    for (let event = start[s]; event < start[s + 1]; event++) if (stays(event, s)) marks[n++] = isTarget[event];
  for (const first of kept.start.subarray(0, nSequences(kept))) marks[first] = 0;
  return {
    heldOut: { kind: 'sequences', sequences: kept, isTarget: marks, candidates: null },
    nUnknown: countUnknown(items),
  };
}

/** With 'remove', unknown items leave prefixes, and cases go whose target is unknown or whose prefix has nothing left. */
function knownCases(
  cases: PrefixCases,
  newIndex: Int32Array,
  nItems: number,
  rule: UnknownItemRule,
): { heldOut: HeldOutSequences; nUnknown: number } {
  const target = cases.target.map((item) => (item < 0 ? -1 : newIndex[item]));
  const prefixes = renameItems(cases.prefixes, newIndex, nItems);
  const nUnknown = countUnknown(target);
  if (rule === 'miss') return { heldOut: { kind: 'cases', cases: { prefixes, target }, candidates: null }, nUnknown };
  const isKnown = (event: number): boolean => prefixes.items[event] >= 0;
  const shortened = selectEvents(prefixes, isKnown, 0);
  const stays = (c: number): boolean => target[c] >= 0 && lengthOf(shortened, c) > 0;
  const kept: PrefixCases = {
    prefixes: selectEvents(prefixes, (event, c) => stays(c) && isKnown(event)),
    target: target.filter((_, c) => stays(c)),
  };
  return { heldOut: { kind: 'cases', cases: kept, candidates: null }, nUnknown };
}

function countUnknown(items: Int32Array): number {
  return items.reduce((n, item) => n + (item < 0 ? 1 : 0), 0);
}
