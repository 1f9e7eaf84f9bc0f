/** Which of the compared models were cut off in their training. */
import { describeCutOff } from '../training/cut-off.ts';
import type { TrainingAccount } from '../training/training-account.ts';

interface AccountedRun {
  readonly model: string;
  readonly run: { readonly account: TrainingAccount };
}

/** A line for each model that was cut off with some seed: what one of its runs says, and with how many seeds. */
export function cutOffNotes(runs: readonly AccountedRun[]): string[] {
  return [...new Set(runs.map(({ model }) => model))].flatMap((model) => {
    const own = runs.filter((each) => each.model === model);
    const cut = own.flatMap(({ run }) => (run.account.cutOff ? [run.account.cutOff] : []));
    if (cut.length === 0) return [];
    const seeds = own.length > 1 ? ` (with ${cut.length} of ${own.length} seeds)` : '';
    return [`${model}: ${describeCutOff(cut[0])}${seeds}`];
  });
}
