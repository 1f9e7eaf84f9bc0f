/** Which model a run leaves behind, and which one its numbers belong to; said alike of every kind of model. */
import type { FinalRecord } from '../artifact/manifest.ts';

export interface SavedModel {
  /** Null when the saved model is the measured one. */
  readonly final: FinalRecord | null;
  readonly isMeasured: boolean;
  readonly split: string;
  /** Rows, or events of sequences, that the data hold, and those that the measured model was trained on. */
  readonly nRows: number;
  readonly nTrained: number;
  readonly unit: 'rows' | 'events';
}

/** One line. */
export function savedNote({ final, isMeasured, nRows, nTrained, unit }: SavedModel): string {
  const all = nRows.toLocaleString('en-US');
  if (final !== null) {
    const epochs = final.epochs === null ? '' : ` (${final.epochs} ${final.epochs === 1 ? 'epoch' : 'epochs'})`;
    const numbers = isMeasured
      ? 'the numbers above belong to the model trained without the held-out ones'
      : 'nothing was measured';
    return `saved: trained anew on all ${all} ${unit} for use${epochs}; ${numbers} (--no-final keeps that one)`;
  }
  if (nTrained >= nRows) return `saved: trained on all ${all} ${unit}`;
  const numbers = isMeasured ? 'the measured model' : 'the model';
  return `saved: ${numbers}, trained on ${nTrained.toLocaleString('en-US')} of ${all} ${unit}`;
}

/** Why there is no table. */
export function unmeasuredNote({ split }: Pick<SavedModel, 'split'>): string {
  return split === 'none'
    ? 'nothing was measured: split none holds nothing out'
    : 'nothing was measured: nobody was to be evaluated, or the test part has no user who has training rows';
}

/** The same for scripts. */
export function savedDocument({ final, nRows, nTrained, unit }: SavedModel): object {
  return {
    trainedOn: final === null && nTrained < nRows ? 'training part' : 'all rows',
    [unit === 'rows' ? 'nRows' : 'nEvents']: final?.nRows ?? nTrained,
    epochs: final?.epochs ?? null,
    measuredHere: final === null,
  };
}
