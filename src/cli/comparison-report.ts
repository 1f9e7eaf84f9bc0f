/** What `compare` says of runs that are measured, however they came about: differences with tests, in slices too where asked for. */
import { checkFilePlace } from '../artifact/output-place.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import { type Comparison, checkMetricTest, compareResults } from '../evaluation/comparison.ts';
import { renderComparison } from '../evaluation/leaderboard.ts';
import { hasUserValues, type Metric, parseMetric } from '../evaluation/metric-name.ts';
import { isRowResult, type Result } from '../evaluation/result.ts';
import type { SlicedComparison } from '../evaluation/slice-comparison.ts';
import { slicePlot } from '../evaluation/slice-plot.ts';
import { renderSlices } from '../evaluation/slice-table.ts';
import type { Run } from '../evaluation/unit-values.ts';
import type { TrainingAccount } from '../training/training-account.ts';
import type { CompareFlags } from './flags.ts';
import type { Terminal } from './terminal.ts';

/** Draws of the bootstrap, the same in every comparison of saved runs so that it can be repeated. */
export const BOOTSTRAP_SEED = 1;

/** A model as it was measured with one seed. */
export interface Contest<R extends Result = Result> {
  readonly model: string;
  readonly seed: number;
  readonly run: {
    readonly result: R;
    readonly trainingSeconds: number;
    readonly account: TrainingAccount;
  };
}

type ComparisonFlags = Pick<CompareFlags, 'significance' | 'slices'>;

/**
 * @param baseline name of a run; absent = the best
 * @param seed of the draws of the bootstrap
 */
export function comparisonOf(
  runs: readonly Run[],
  metric: string,
  { significance, slices }: ComparisonFlags,
  { baseline, seed }: { readonly baseline?: string; readonly seed: number },
): Comparison {
  const stream = new RandomStream(seed, 'compare');
  return compareResults(runs, metric, { stream, baseline, test: significance, slices: slices !== undefined });
}

/** Prints the comparison, and its slices; writes the picture. Data that give no slices are told, not refused: the training is done. */
export async function reportComparison(
  terminal: Terminal,
  comparison: Comparison,
  { slices: asked }: ComparisonFlags,
): Promise<void> {
  const { width } = terminal;
  const { slices } = comparison;
  terminal.print(renderComparison(comparison, { width }));
  if (!slices) return;
  if (slices.slices.length === 0) {
    terminal.print(
      'no slices: the rows name no users and items, or all of these have as many training rows and friends',
    );
    return;
  }
  terminal.print(`\n${renderSlices(comparison, slices, { width })}`);
  if (typeof asked !== 'string') return;
  if (slices.nTests === 0) {
    terminal.print(`no picture: no difference in a slice is tested, ${asked} is not written`);
    return;
  }
  await writeFileAtomic(asked, slicePlot(comparison, slices));
  terminal.print(`picture of the slices: ${asked}`);
}

/** Slices by every metric that the runs share and the test can compare, for scripts; absent where no slices are asked for. */
export function slicesDocument(
  terminal: Terminal,
  runs: readonly Run[],
  { metric, baseline, slices }: Comparison,
  flags: ComparisonFlags,
  seed: number,
): { readonly slices?: Readonly<Record<string, SlicedComparison>> } {
  if (!terminal.json || !slices) return {};
  const [first] = runs;
  const others = Object.keys(first.result.metrics).filter((name) => {
    const shared = name !== metric && runs.every(({ result }) => Object.hasOwn(result.metrics, name));
    const ofRows = isRowResult(first.result);
    return shared && hasUserValues(parseMetric(name)) && canTest(parseMetric(name), flags.significance, ofRows);
  });
  const byMetric = others.map((name) => [name, comparisonOf(runs, name, flags, { baseline, seed }).slices!] as const);
  return { slices: Object.fromEntries([[metric, slices], ...byMetric]) };
}

function canTest(metric: Metric, test: CompareFlags['significance'], ofRows: boolean): boolean {
  try {
    checkMetricTest(metric, test, ofRows);
    return true;
  } catch {
    return false;
  }
}

/** @throws 'usage' for a picture that is none, or cannot be written: before the work */
export async function checkSlices({ slices }: ComparisonFlags): Promise<void> {
  if (typeof slices !== 'string') return;
  if (!slices.endsWith('.svg'))
    throw new DeepTasteError(
      'usage',
      `--slices: the picture must be a file whose name ends in .svg, found "${slices}"; write --slices FILE.svg, or --slices after everything else`,
    );
  await checkFilePlace(slices);
}
