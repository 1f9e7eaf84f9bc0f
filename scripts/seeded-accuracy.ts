/** Experiments that are run with several seeds: mean and interval over the seeds, and their tables in `docs/results/accuracy.md`. */
import { meanInterval } from '../src/evaluation/statistics/mean-interval.ts';

export interface SeededSet {
  readonly folder: string;
  readonly heading: string;
  readonly metrics: readonly string[];
  /** The seed draws the split as well; absent: the training alone. */
  readonly splitBySeed?: true;
  /** Name of the file → title of the row, and the published values with their source. */
  readonly rows: Readonly<Record<string, readonly [title: string, published?: string]>>;
}

export interface SeededRecord {
  readonly command: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, { mean: number; low: number | null; high: number | null }>>;
  /** There is one for listed candidates of rankings without fields only. */
  readonly fullRanking: null;
  readonly nUsers: number;
  readonly seeds: number;
}

/** Names of the experiments: folder/file. */
export function namesIn(sets: readonly SeededSet[]): string[] {
  return sets.flatMap(({ folder, rows }) => Object.keys(rows).map((name) => `${folder}/${name}`));
}

type Cli = (args: readonly string[]) => Record<string, unknown>;

interface Finished {
  readonly trainingSeconds: number;
  readonly result: {
    readonly nRows?: number;
    readonly metrics: Readonly<Record<string, number | { readonly mean: number }>>;
    readonly protocol: { readonly nUsers?: number };
  };
}

/** Mean over the seeds with its interval by Student's t. @param out folder to save runs to */
export function runSeeded(
  cli: Cli,
  sets: readonly SeededSet[],
  experiment: string,
  nSeeds: number,
  out: string,
): SeededRecord {
  const args = ['run', `experiments/${experiment}.yaml`];
  const ofSplit = sets.some((set) => set.splitBySeed && experiment.startsWith(`${set.folder}/`));
  const flags = (seed: string): string[] => [...(ofSplit ? ['--set', `split.seed=${seed}`] : []), '--seed', seed];
  const runs = Array.from(
    { length: nSeeds },
    (_, n) => cli([...args, ...flags(String(n + 1)), '--out', out]) as unknown as Finished,
  );
  const [{ result }] = runs;
  const meanOf = (value: number | { readonly mean: number }) => (typeof value === 'number' ? value : value.mean);
  const metrics = Object.keys(result.metrics).map((name) => {
    const { mean, low, high } = meanInterval(runs.map((run) => meanOf(run.result.metrics[name])));
    return [name, { mean, low, high }] as const;
  });
  return {
    command: `deeptaste ${args.join(' ')}${nSeeds > 1 ? ` ${flags(`1 … ${nSeeds}`).join(' ')}` : ''}`,
    trainingSeconds: runs.reduce((sum, run) => sum + run.trainingSeconds, 0) / nSeeds,
    metrics: Object.fromEntries(metrics),
    fullRanking: null,
    nUsers: result.nRows ?? result.protocol.nUsers ?? 0,
    seeds: nSeeds,
  };
}

/** The tables of the sets that have results. */
export function seededSections(sets: readonly SeededSet[], results: Readonly<Record<string, object>>): string[] {
  return sets.flatMap(({ folder, heading, metrics, rows }) => {
    const measured = Object.entries(rows).filter(([name]) => results[`${folder}/${name}`]);
    if (measured.length === 0) return [];
    const hasPublished = Object.values(rows).some(([, published]) => published !== undefined);
    const columns = ['model', ...metrics, ...(hasPublished ? ['published'] : []), 'seeds', 'training s', 'command'];
    const lines = measured.map(([name, [title, published]]) => {
      const record = results[`${folder}/${name}`] as SeededRecord;
      const cells = metrics.map((metric) => cellOf(record.metrics[metric]));
      const own = [title, ...cells, ...(hasPublished ? [published ?? '–'] : []), String(record.seeds ?? 1)];
      return `| ${[...own, record.trainingSeconds.toFixed(1), `\`${record.command}\``].join(' | ')} |`;
    });
    const note = 'Brackets: 95 % interval of the mean over the seeds (Student’s t).';
    const table = [`| ${columns.join(' | ')} |`, `|${columns.map(() => '---').join('|')}|`, ...lines];
    return [[`${heading} ${note}`, '', ...table, ''].join('\n')];
  });
}

function cellOf(summary: SeededRecord['metrics'][string] | undefined): string {
  if (!summary) return '–';
  const { mean, low, high } = summary;
  return low === null || high === null ? mean.toFixed(4) : `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
}
