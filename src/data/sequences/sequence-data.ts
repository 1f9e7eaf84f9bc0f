/** Sequences with what people call their items, and the parts of a split. */
import type { FieldTable, SplitDescription } from '../dataset.ts';
import type { SparseRows } from '../sparse-rows.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { PrefixCases, Sequences } from './sequences.ts';

/** What a sequence is: a session by its id, a user's events up to a pause, a user's whole history, a line of a file. */
type SequenceUnit = 'session' | 'gap' | 'user' | 'line';

export interface SequenceData {
  readonly name: string;
  readonly by: SequenceUnit;
  readonly items: Vocabulary; // sequences.nItems ids
  readonly itemFields: FieldTable;
  /** Whose sequences they are; null when nobody is named (anonymous sessions). */
  readonly users: Vocabulary | null;
  readonly sequences: Sequences;
  /** SHA-256 (hex) of the sequences in order: external ids, ends, times. */
  readonly hash: string;
  /** One line each, for people: what was sorted, dropped or merged. */
  readonly warnings: readonly string[];
}

/** What is to be predicted: events of whole sequences, or the last item of each of listed cases. */
export type HeldOutSequences =
  | {
      readonly kind: 'sequences';
      readonly sequences: Sequences;
      /** 1 for events to be predicted, never the first of a sequence; absent or null = every event but the first. [E] */
      readonly isTarget?: Uint8Array | null;
      /** Listed candidates of all targets of a sequence, by sequence; absent or null = all items. */
      readonly candidates?: SparseRows | null;
    }
  | {
      readonly kind: 'cases';
      readonly cases: PrefixCases;
      /** Listed candidates of each case; null = all items. */
      readonly candidates: SparseRows | null;
    };

/** What a model for use is trained on. */
type WholeSequences = Pick<SequenceData, 'items' | 'itemFields' | 'sequences'>;

/** What a training that goes on with new sequences has had before them; users and items of it have the first indices. */
export interface FormerSequences {
  readonly nUsers: number;
  readonly nItems: number;
  /** Events of its data. */
  readonly nInteractions: number;
  /** Training events of each of its items [nItems]. */
  readonly itemCounts: Float32Array;
  /** Its histories of all users, the oldest item first; null where sequences are nobody's. */
  readonly histories: SparseRows | null;
}

/** Parts of sequence data. Items are those of the training part alone; held-out parts say −1 for any other. */
export interface SequenceSplit {
  readonly name: string;
  readonly by: SequenceUnit;
  readonly items: Vocabulary;
  readonly itemFields: FieldTable;
  readonly users: Vocabulary | null;
  /** Oldest first where times are known, else as the file has them. Sequences of one event may occur. */
  readonly train: Sequences;
  readonly validation: HeldOutSequences | null;
  readonly test: HeldOutSequences | null;
  /** All that the data hold, held-out events too, in item indices of its own; made when asked for. */
  readonly whole: () => WholeSequences;
  /**
   * The same split with the validation part given back to training, and the items that training then has; null where there is no
   * validation part.
   */
  readonly withoutValidation: (() => SequenceSplit) | null;
  /** All that is needed to make the same split again; part of the protocol record. */
  readonly description: SplitDescription;
  /** Fingerprint of the data that was split. */
  readonly hash: string;
  readonly warnings: readonly string[];
  /** Where the sequences are added to those of a training before, whose items stay known; absent = there was none. */
  readonly former?: FormerSequences;
}

/** Whether unknown items leave held-out sequences ('remove') or stay there, and count as misses where they are targets. */
export const unknownItemRules = ['remove', 'miss'] as const;
export type UnknownItemRule = (typeof unknownItemRules)[number];
