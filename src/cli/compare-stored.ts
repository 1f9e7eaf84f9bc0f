/** Compares saved runs by the values of their users or sequences. */

import { basename, resolve } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { RandomStream } from '../core/random.ts';
import { compareResults } from '../evaluation/comparison.ts';
import { toJson } from '../evaluation/evaluation-result.ts';
import { renderComparison, renderLeaderboard } from '../evaluation/leaderboard.ts';
import { isRowResult, type Result } from '../evaluation/result.ts';
import { compareStoredRows } from './compare-rows.ts';
import type { CompareFlags } from './flags.ts';
import { storedResult } from './run-record.ts';
import { describeProtocol, evaluatedUnit, measurementNotes } from './run-report.ts';
import type { Terminal } from './terminal.ts';

/** Draws of the bootstrap, the same in every comparison so that it can be repeated. */
const BOOTSTRAP_SEED = 1;

export async function compareStored(terminal: Terminal, paths: readonly string[], flags: CompareFlags): Promise<void> {
  const results: Result[] = [];
  for (const path of paths) results.push(await storedResult(path));
  const ofRows = results.filter(isRowResult);
  if (ofRows.length === results.length) return compareStoredRows(terminal, paths, ofRows, flags);
  const names = runNames(paths);
  const runs = results.flatMap((result, n) => (isRowResult(result) ? [] : [{ name: names[n], result }]));
  if (ofRows.length > 0)
    throw new DeepTasteError(
      'protocol',
      `compare: runs must be evaluated alike, found ${paths[results.findIndex(isRowResult)]}, which predicts rows, and ` +
        `${paths[results.findIndex((result) => !isRowResult(result))]}, which ranks`,
    );
  const known = runs.map(({ name }) => name);
  const given = flags.baseline;
  const baseline = given === undefined || known.includes(given) ? given : known[paths.indexOf(given)];
  if (given !== undefined && baseline === undefined)
    throw new DeepTasteError('usage', `--baseline: no run is called "${given}"${suggestion(given, known)}`);
  const metric = flags.metric ?? Object.keys(runs[0].result.metrics)[0];
  const comparison = compareResults(runs, metric, {
    stream: new RandomStream(BOOTSTRAP_SEED, 'compare'),
    baseline,
    test: flags.significance,
  });
  const rows = runs.map(({ name, result }) => ({ model: name, metrics: result.metrics }));
  const { width, color } = terminal;
  const shared = Object.keys(rows[0].metrics).filter((name) => rows.every((row) => name in row.metrics));
  const metrics = [comparison.metric, ...shared.filter((name) => name !== comparison.metric)];
  const over = evaluatedUnit(runs[0].result.protocol);
  terminal.print(renderLeaderboard(rows, { metrics, width, color, over }));
  if (runs.length > 1) terminal.print(`\n${renderComparison(comparison, { width, over })}`);
  terminal.print([describeProtocol(runs[0].result.protocol), ...measurementNotes(runs[0].result)].join('\n'));
  const details = runs.map(({ name, result }, n) => ({ name, path: paths[n], ...toJson(result) }));
  terminal.document({ comparison, runs: details });
}

/** Folder names where they differ, else the paths as they were given. */
function runNames(paths: readonly string[]): string[] {
  const short = paths.map((path) => basename(resolve(path)));
  return new Set(short).size === short.length ? short : [...paths];
}
