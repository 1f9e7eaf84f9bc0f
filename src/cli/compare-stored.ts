/** Compares saved runs by the values of their users or sequences. */
import { basename, resolve } from 'node:path';
import { RandomStream } from '../core/random.ts';
import { compareResults, type Run } from '../evaluation/comparison.ts';
import { toJson } from '../evaluation/evaluation-result.ts';
import { renderComparison, renderLeaderboard } from '../evaluation/leaderboard.ts';
import type { CompareFlags } from './commands/compare.ts';
import { storedResult } from './run-record.ts';
import { describeProtocol, evaluatedUnit, measurementNotes } from './run-report.ts';
import type { Terminal } from './terminal.ts';

/** Draws of the bootstrap, the same in every comparison so that it can be repeated. */
const BOOTSTRAP_SEED = 1;

export async function compareStored(terminal: Terminal, paths: readonly string[], flags: CompareFlags): Promise<void> {
  const runs: Run[] = [];
  const names = runNames(paths);
  for (const [n, path] of paths.entries()) runs.push({ name: names[n], result: (await storedResult(path)).result });
  const metric = flags.metric ?? Object.keys(runs[0].result.metrics)[0];
  const comparison = compareResults(runs, metric, {
    stream: new RandomStream(BOOTSTRAP_SEED, 'compare'),
    baseline: flags.baseline,
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
