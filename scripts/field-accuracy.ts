/** The experiments that are run with several seeds, of the training or of the split: those over feature fields, and of ratings and rankings; and their part of `docs/results/accuracy.md`. */
import { meanInterval } from '../src/evaluation/statistics/mean-interval.ts';
import { rankingSets } from './ranking-accuracy.ts';

interface FieldSet {
  readonly folder: string;
  readonly heading: string;
  readonly metrics: readonly string[];
  /** The seeds are those of random splits of the same rows; default: of the training. */
  readonly splits?: true;
  /** Name of the file → title of the row, and the published values with their source. */
  readonly rows: Readonly<Record<string, readonly [title: string, published?: string]>>;
}

const bars = 'BARS Frappe_x1';
/** Table 2 of Wireless Communications and Mobile Computing 2021, 9107718, whose split is not told. */
const wcmc = 'table of WCMC 2021, 9107718';

const friendModels = {
  bias: 'Bias',
  'biased-mf': 'Biased MF',
  svdpp: 'SVD++',
  trustsvd: 'TrustSVD',
  dscf: 'DSCF',
  'dscf-literal': 'DSCF without biases',
  graphrec: 'GraphRec',
  'graphrec-literal': 'GraphRec without biases',
};

/** Ciao: how papers split it, 60 or 80 % of the rows for training. */
function ciao(
  share: 60 | 80,
  published: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>>,
): FieldSet {
  const titles = Object.entries({ ...friendModels, ...more });
  return {
    folder: 'ciao-ratings',
    heading:
      `## Ciao, ratings, ${share} % for training\n\nFive random splits, half of the other rows for validation and half for test; one row for each user, item and rating. Times are those of a busy machine. ` +
      'Published: RMSE / MAE, of other splits and filters.',
    metrics: ['rmse', 'mae'],
    splits: true,
    rows: Object.fromEntries(
      titles.map(([name, title]): [string, readonly [string, string?]] => [
        `${name}-${share}`,
        published[name] ? [title, published[name]] : [title],
      ]),
    ),
  };
}

export const fieldSets: readonly FieldSet[] = [
  {
    folder: 'frappe',
    heading:
      '## Frappe, clicks\n\nThe original validation and test rows; the items of the training negatives were drawn anew by the original rule, so ' +
      'training is not that of the published numbers to the row. Published: AUC / log loss (the first run that the leaderboard lists).',
    metrics: ['auc', 'logloss'],
    rows: {
      lr: ['LR', `.9356 / .3076 (${bars})`],
      fm: ['FM', `.9671 / .2065 (${bars})`],
      nfm: ['NFM', `.9804 / .2058 (${bars})`],
      'wide-deep': ['Wide&Deep', `.9841 / .1490 (${bars})`],
      deepfm: ['DeepFM', `.9842 / .1482 (${bars})`],
      'dcn-v2': ['DCN-V2', `.9845 / .1491 (${bars})`],
      'final-mlp': ['FinalMLP', `.9861 / .1484 (${bars})`],
      'auto-fm': ['AutoFM'],
      'auto-deepfm': ['AutoDeepFM'],
      'auto-field': ['AutoField'],
    },
  },
  {
    folder: 'frappe',
    heading:
      '## Frappe, the protocol of the NFM paper\n\nSquared error on the labels. Twice the RMSE stands beside the published one, whose labels ' +
      'are −1 and 1 (He & Chua, SIGIR 2017, 128 factors; FM there is LibFM).',
    metrics: ['rmse', 'mae'],
    rows: { 'fm-rmse': ['FM', '.3437 = 2 × .1719'], 'nfm-rmse': ['NFM', '.3127 = 2 × .1564'] },
  },
  {
    folder: 'adult',
    heading: '## Adult, income above 50,000\n\nThe original test rows.',
    metrics: ['auc', 'logloss'],
    rows: {
      lr: ['LR'],
      fm: ['FM'],
      nfm: ['NFM'],
      wide: ['wide part alone, with crosses'],
      deep: ['deep part alone'],
      'wide-deep': ['Wide&Deep, with crosses'],
      deepfm: ['DeepFM'],
      'dcn-v2': ['DCN-V2'],
      'final-mlp': ['FinalMLP'],
    },
  },
  {
    folder: 'criteo-10k',
    heading:
      '## Criteo, 10,000 rows, clicks\n\nA random tenth of the rows is for testing: 1,000 rows, so that intervals are wide.',
    metrics: ['auc', 'logloss'],
    rows: {
      lr: ['LR'],
      fm: ['FM'],
      nfm: ['NFM'],
      'wide-deep': ['Wide&Deep, without crosses'],
      deepfm: ['DeepFM'],
      'dcn-v2': ['DCN-V2'],
      'final-mlp': ['FinalMLP'],
    },
  },
  {
    folder: 'ml-100k-fields',
    heading:
      '## MovieLens-100K with the fields of users and films\n\nLast item of each user among all unseen items, as above without fields.',
    metrics: ['ndcg@10', 'hr@10', 'coverage@10'],
    rows: {
      lr: ['LR'],
      fm: ['FM'],
      nfm: ['NFM'],
      'wide-deep': ['Wide&Deep'],
      deepfm: ['DeepFM'],
      'dcn-v2': ['DCN-V2'],
      'final-mlp': ['FinalMLP'],
    },
  },
  {
    folder: 'ml-100k-fields',
    heading:
      '## MovieLens-100K, ratings with the fields of users and films\n\nA random tenth of the rows; predictions clipped to 1 … 5.',
    metrics: ['rmse', 'mae'],
    rows: { 'rating-fm': ['FM'] },
  },
  {
    folder: 'ml-100k-fields',
    heading:
      '## MovieLens-100K, cold start\n\nA fifth of the films with all their ratings is held out and ranked among each other: popularity knows nothing of them.',
    metrics: ['ndcg@10', 'hr@10', 'auc'],
    rows: { 'cold-fm': ['FM, from year and genres'], 'cold-popularity': ['Popularity'] },
  },
  ciao(60, { 'graphrec-literal': '1.0093 / .7540 (Fan et al. 2019†)' }, {}),
  ciao(
    80,
    { 'dscf-literal': `.9867 / .7270 (${wcmc})`, 'graphrec-literal': '.9794 / .7387 (Fan et al. 2019†)' },
    {
      'dscf-no-friends': 'DSCF without friends',
      'dscf-random-friends': 'DSCF, friends are anybody',
      'dscf-no-attention': 'DSCF without attention',
      'dscf-any-item': 'DSCF, any item of a visited user',
      'dscf-steps-1': 'DSCF, walks of 1 step',
      'dscf-steps-10': 'DSCF, walks of 10 steps',
      'dscf-steps-20': 'DSCF, walks of 20 steps',
      'graphrec-no-friends': 'GraphRec without friends',
      'graphrec-random-friends': 'GraphRec, friends are anybody',
      'graphrec-no-attention': 'GraphRec without attention',
    },
  ),
  ...rankingSets,
];

export interface FieldRecord {
  readonly command: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, { mean: number; low: number | null; high: number | null }>>;
  /** There is one for listed candidates of rankings without fields only. */
  readonly fullRanking: null;
  readonly nUsers: number;
  readonly seeds: number;
}

export const fieldExperiments: readonly string[] = fieldSets.flatMap(({ folder, rows }) =>
  Object.keys(rows).map((name) => `${folder}/${name}`),
);

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
export function runFieldExperiment(cli: Cli, experiment: string, nSeeds: number, out: string): FieldRecord {
  const args = ['run', `experiments/${experiment}.yaml`];
  const isSplit = fieldSets.some(({ folder, rows, splits }) => {
    return splits && Object.keys(rows).some((name) => `${folder}/${name}` === experiment);
  });
  const seeds = (n: number): string[] => (isSplit ? ['--set', `split.seed=${n}`] : ['--seed', String(n)]);
  const runs = Array.from(
    { length: nSeeds },
    (_, n) => cli([...args, ...seeds(n + 1), '--out', out]) as unknown as Finished,
  );
  const [{ result }] = runs;
  const meanOf = (value: number | { readonly mean: number }) => (typeof value === 'number' ? value : value.mean);
  const metrics = Object.keys(result.metrics).map((name) => {
    const { mean, low, high } = meanInterval(runs.map((run) => meanOf(run.result.metrics[name])));
    return [name, { mean, low, high }] as const;
  });
  return {
    command: `deeptaste ${args.join(' ')}${nSeeds > 1 ? ` ${isSplit ? '--set split.seed=1' : '--seed 1'} … ${nSeeds}` : ''}`,
    trainingSeconds: runs.reduce((sum, run) => sum + run.trainingSeconds, 0) / nSeeds,
    metrics: Object.fromEntries(metrics),
    fullRanking: null,
    nUsers: result.nRows ?? result.protocol.nUsers ?? 0,
    seeds: nSeeds,
  };
}

/** The tables of the sets that have results. */
export function fieldSections(results: Readonly<Record<string, object>>): string[] {
  return fieldSets.flatMap(({ folder, heading, metrics, rows, splits }) => {
    const measured = Object.entries(rows).filter(([name]) => results[`${folder}/${name}`]);
    if (measured.length === 0) return [];
    const hasPublished = Object.values(rows).some(([, published]) => published !== undefined);
    const columns = [
      'model',
      ...metrics,
      ...(hasPublished ? ['published'] : []),
      splits ? 'splits' : 'seeds',
      'training s',
      'command',
    ];
    const lines = measured.map(([name, [title, published]]) => {
      const record = results[`${folder}/${name}`] as FieldRecord;
      const cells = metrics.map((metric) => cellOf(record.metrics[metric]));
      const own = [title, ...cells, ...(hasPublished ? [published ?? '–'] : []), String(record.seeds ?? 1)];
      return `| ${[...own, record.trainingSeconds.toFixed(1), `\`${record.command}\``].join(' | ')} |`;
    });
    const note = `Brackets: 95 % interval of the mean over the ${splits ? 'splits' : 'seeds'} (Student’s t).`;
    const table = [`| ${columns.join(' | ')} |`, `|${columns.map(() => '---').join('|')}|`, ...lines];
    return [[`${heading} ${note}`, '', ...table, ''].join('\n')];
  });
}

function cellOf(summary: FieldRecord['metrics'][string] | undefined): string {
  if (!summary) return '–';
  const { mean, low, high } = summary;
  return low === null || high === null ? mean.toFixed(4) : `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
}
