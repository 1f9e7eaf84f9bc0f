/** What a run says of its training beside the numbers: whether it was cut off, ended by hand, and by which defaults it went. */

import { type ChosenDefaults, describeChosen } from '../examples/settings.ts';
import { type CutOff, describeCutOff } from './cut-off.ts';

export interface TrainingAccount {
  /** Set when the epochs ran out while validation was still rising. */
  readonly cutOff: CutOff | null;
  /** Where the training stood when it was ended by hand (--finish): "after epoch 12". */
  readonly finishedAt: string | null;
  /** Defaults that follow the size of the data; null where the model has none, or all were set. */
  readonly chosenDefaults: ChosenDefaults | null;
}

/** A line each, for people. */
export function accountLines({ cutOff, finishedAt, chosenDefaults }: TrainingAccount): string[] {
  return [
    ...(chosenDefaults ? [describeChosen(chosenDefaults)] : []),
    ...(finishedAt
      ? [
          `training was stopped ${finishedAt} and ended there by --finish; measured and saved are its best weights until then`,
        ]
      : []),
    ...(cutOff ? [describeCutOff(cutOff)] : []),
  ];
}
