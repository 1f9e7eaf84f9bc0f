/**
 * `evaluate` of a recommender that was trained anew on all rows: it has seen every row that it could be measured on, so nothing is
 * measured; the numbers of the model before, which its run measured, are shown.
 */

import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { resultJson } from '../evaluation/result.ts';
import { findModel } from '../models/index.ts';
import { storedResult } from '../runs/run-record.ts';
import type { EvaluateFlags } from './flags.ts';
import { metricTable } from './run-report.ts';
import type { Terminal } from './terminal.ts';

const ofEveryCommand = ['threads', 'blas', 'json', 'quiet', 'debug', 'color', 'data'];

/** @throws 'protocol' when other numbers are asked for than those stored; 'artifact' when there are none */
export async function showFinalRun(
  terminal: Terminal,
  path: string,
  { model }: Manifest,
  flags: EvaluateFlags,
): Promise<void> {
  const asked = Object.keys(flags).find((flag) => !ofEveryCommand.includes(flag));
  if (asked !== undefined)
    throw new DeepTasteError(
      'protocol',
      `evaluate ${path}: the recommender was trained anew on all rows, the test rows too, so that none is left to measure it on; ` +
        `its run measured the model before ("deeptaste evaluate ${path}" alone shows that); train with --no-final to measure again`,
      { asked },
    );
  const result = await storedResult(path);
  const title = findModel(model.name).title;
  terminal.print(metricTable(terminal, title, result));
  terminal.print(
    'stored numbers of the model that was trained without the held-out rows; the saved one was then trained anew on all rows',
  );
  terminal.document({ run: path, model: model.name, saved: false, stored: true, result: resultJson(result) });
}
