/** Compares saved runs by the values of their users or sequences. */

import { basename, resolve } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { toJson } from '../evaluation/evaluation-result.ts';
import { renderLeaderboard } from '../evaluation/leaderboard.ts';
import { isRowResult, type Result } from '../evaluation/result.ts';
import { storedResult } from '../runs/run-record.ts';
import { compareStoredRows } from './compare-rows.ts';
import { BOOTSTRAP_SEED, checkSlices, comparisonOf, reportComparison, slicesDocument } from './comparison-report.ts';
import type { CompareFlags } from './flags.ts';
import { describeProtocol, evaluatedUnit, measurementNotes } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export async function compareStored(terminal: Terminal, paths: readonly string[], flags: CompareFlags): Promise<void> {
  await checkSlices(flags);
  const results: Result[] = [];
  for (const path of paths) results.push(await storedResult(path));
  const ofRows = results.filter(isRowResult);
  const names = runNames(paths);
  const baseline = baselineOf(flags.baseline, names, paths);
  if (ofRows.length === results.length) {
    const stored = ofRows.map((result, n) => ({ name: names[n], path: paths[n], result }));
    return compareStoredRows(terminal, stored, { ...flags, baseline });
  }
  const runs = results.flatMap((result, n) => (isRowResult(result) ? [] : [{ name: names[n], result }]));
  if (ofRows.length > 0)
    throw new DeepTasteError(
      'protocol',
      `compare: runs must be evaluated alike, found ${paths[results.findIndex(isRowResult)]}, which predicts rows, and ` +
        `${paths[results.findIndex((result) => !isRowResult(result))]}, which ranks`,
    );
  const metric = flags.metric ?? Object.keys(runs[0].result.metrics)[0];
  const comparison = comparisonOf(runs, metric, flags, { baseline, seed: BOOTSTRAP_SEED });
  const rows = runs.map(({ name, result }) => ({ model: name, metrics: result.metrics }));
  const { width, color } = terminal;
  const shared = Object.keys(rows[0].metrics).filter((name) => rows.every((row) => name in row.metrics));
  const metrics = [comparison.metric, ...shared.filter((name) => name !== comparison.metric)];
  const over = evaluatedUnit(runs[0].result.protocol);
  terminal.print(renderLeaderboard(rows, { metrics, width, color, over }));
  if (runs.length > 1 || comparison.slices) {
    terminal.print();
    await reportComparison(terminal, comparison, flags);
  }
  terminal.print([describeProtocol(runs[0].result.protocol), ...measurementNotes(runs[0].result)].join('\n'));
  const details = runs.map(({ name, result }, n) => ({ name, path: paths[n], ...toJson(result) }));
  const { slices: _, ...compared } = comparison;
  const slices = slicesDocument(terminal, runs, comparison, flags, BOOTSTRAP_SEED);
  terminal.document({ comparison: compared, ...slices, runs: details });
}

/** A run may be called by its path, too. @throws 'usage' when no run is meant */
function baselineOf(given: string | undefined, names: readonly string[], paths: readonly string[]): string | undefined {
  if (given === undefined || names.includes(given)) return given;
  const named = names[paths.indexOf(given)];
  if (named !== undefined) return named;
  throw new DeepTasteError('usage', `--baseline: no run is called "${given}"${suggestion(given, names)}`);
}

/** Folder names where they differ, else the paths as they were given. */
function runNames(paths: readonly string[]): string[] {
  const short = paths.map((path) => basename(resolve(path)));
  return new Set(short).size === short.length ? short : [...paths];
}
