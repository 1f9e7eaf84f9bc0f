/**
 * Runs the experiment files and writes `docs/results/accuracy.md` and `.json`: value, interval, published value, seconds, command.
 * Arguments: names of experiments (e.g. `ml-1m/mf`) to run only those; the others keep their recorded results. `--seeds N`: how often
 * the experiments over feature fields are run, 5 by default.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fieldExperiments, fieldSections, runFieldExperiment } from './field-accuracy.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const resultsFile = join(root, 'docs/results/accuracy.json');

interface Row {
  readonly experiment: string;
  readonly title: string;
  /** Published numbers with their source, or null. */
  readonly published: string | null;
}

/** An independent replication whose table is public: github.com/rishbad/NCF-RS. */
const replication = 'NCF-RS';
const rendle = 'Rendle et al. 2020†';
const rows: readonly Row[] = [
  { experiment: 'ml-1m/popularity', title: 'Popularity', published: `.4535 / .2543 (${rendle})` },
  { experiment: 'ml-1m/item-knn', title: 'ItemKNN', published: '.6596 / .3900 (Dacrema et al. 2019†)' },
  { experiment: 'ml-1m/ease', title: 'EASE', published: null },
  { experiment: 'ml-1m/ials', title: 'iALS', published: `.7111 / .4383 (${rendle})` },
  { experiment: 'ml-1m/bpr-mf', title: 'BPR-MF', published: null },
  { experiment: 'ml-1m/mf', title: 'Logistic MF', published: `.7294 / .4523 (${rendle})` },
  { experiment: 'ml-1m/gmf', title: 'GMF', published: `.7055 / .4245 (${replication})` },
  { experiment: 'ml-1m/mlp', title: 'MLP', published: `.6922 / .4182 (${replication})` },
  { experiment: 'ml-1m/neumf', title: 'NeuMF from scratch', published: `.7017 / .4213 (${replication})` },
  { experiment: 'ml-1m/neumf-pretrained', title: 'NeuMF pre-trained', published: `.7189 / .4333 (${replication})` },
  { experiment: 'ml-100k/popularity', title: 'Popularity', published: null },
  { experiment: 'ml-100k/item-knn', title: 'ItemKNN', published: null },
  { experiment: 'ml-100k/ease', title: 'EASE', published: null },
  { experiment: 'ml-100k/ials', title: 'iALS', published: null },
  { experiment: 'ml-100k/bpr-mf', title: 'BPR-MF', published: null },
  { experiment: 'ml-100k/mf', title: 'Logistic MF', published: null },
  { experiment: 'ml-100k/gmf', title: 'GMF', published: null },
  { experiment: 'ml-100k/mlp', title: 'MLP', published: null },
  { experiment: 'ml-100k/neumf', title: 'NeuMF', published: null },
  ...sequenceRows('yoochoose-1-64', {
    popularity: '.0671 / .0165 (SR-GNN 2019)',
    's-pop': '.3044 / .1835 (SR-GNN 2019)',
    'item-knn': '.5160 / .2181 (SR-GNN 2019)',
    gru4rec: '.6064 / .2289 (SR-GNN 2019, an old version); .704 / .311 (official code, these files)',
  }),
  ...sequenceRows('yoochoose-100k', {}),
  ...sequenceRows('ml-1m-sequences', {
    gru4rec: '.5581 / .3381, GRU4Rec+ .7501 / .5513 (Kang & McAuley 2018)',
    sasrec: '.8245 / .5905 (Kang & McAuley 2018)',
    caser: '.7886 / .5538 (Kang & McAuley 2018)',
  }),
];

/** The models of sequences on one data set. */
function sequenceRows(folder: string, published: Readonly<Record<string, string>>): Row[] {
  const titles = { popularity: 'Popularity', 's-pop': 'S-POP', 'item-knn': 'Session ItemKNN', markov: 'Markov chain' };
  return Object.entries({
    ...titles,
    'v-sknn': 'V-SKNN',
    gru4rec: 'GRU4Rec',
    sasrec: 'SASRec',
    caser: 'Caser',
    reinforce: 'Top-K REINFORCE',
  }).map(([name, title]) => ({
    experiment: `${folder}/${name}`,
    title,
    published: published[name] ?? null,
  }));
}

interface Summary {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

interface Recorded {
  readonly command: string;
  readonly trainingSeconds: number;
  readonly metrics: Readonly<Record<string, Summary>>;
  /** Full ranking of all items, beside listed candidates. */
  readonly fullRanking: Readonly<Record<string, Summary>> | null;
  readonly nUsers: number;
}

type Results = Record<string, Recorded>;

function cli(args: readonly string[]): Record<string, unknown> {
  const command = [join(root, 'dist/cli/main.js'), ...args, '--json'];
  const run = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`deeptaste ${args.join(' ')} failed`);
  return JSON.parse(run.stdout);
}

function runExperiment(experiment: string): Recorded {
  const folder = mkdtempSync(join(tmpdir(), 'deeptaste-accuracy-'));
  try {
    const out = join(folder, 'run');
    if (fieldExperiments.includes(experiment)) return runFieldExperiment(cli, experiment, nSeeds, out);
    const args = ['run', `experiments/${experiment}.yaml`];
    const trained = cli([...args, '--out', out]) as unknown as {
      trainingSeconds: number;
      result: { metrics: Record<string, Summary>; protocol: { candidates: unknown; nUsers: number } };
    };
    const listed = trained.result.protocol.candidates !== 'all';
    const full = listed ? cli(['evaluate', out, '--candidates', 'all']) : null;
    return {
      command: `deeptaste ${args.join(' ')}`,
      trainingSeconds: trained.trainingSeconds,
      metrics: trained.result.metrics,
      fullRanking: full && (full as { result: { metrics: Record<string, Summary> } }).result.metrics,
      nUsers: trained.result.protocol.nUsers,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const number = ({ mean }: Summary): string => mean.toFixed(4);
const interval = ({ mean, low, high }: Summary): string =>
  low === null || high === null ? mean.toFixed(4) : `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;

/** Columns beside the metrics. */
interface Beside {
  /** Published values of the first two metrics. */
  readonly published: boolean;
  /** The first two metrics among all items, where candidates are listed. */
  readonly full: boolean;
}

function tableLine(row: Row, recorded: Recorded, names: readonly string[], { published, full }: Beside): string {
  const cells = names.map((name) => interval(recorded.metrics[name]));
  const ranking = recorded.fullRanking;
  const all = ranking
    ? names
        .slice(0, 2)
        .map((name) => number(ranking[name]))
        .join(' / ')
    : '–';
  const beside = [...(published ? [row.published ?? '–'] : []), ...(full ? [all] : [])];
  return `| ${[row.title, ...cells, ...beside, recorded.trainingSeconds.toFixed(1), `\`${recorded.command}\``].join(' | ')} |`;
}

function section(folder: string, heading: string, names: readonly string[], results: Results, beside: Beside): string {
  const { published, full } = beside;
  const more = [...(published ? ['published'] : []), ...(full ? ['full ranking'] : [])];
  const columns = ['model', ...names, ...more, 'training s', 'command'];
  const lines = rows
    .filter(({ experiment }) => experiment.startsWith(`${folder}/`) && results[experiment])
    .map((row) => tableLine(row, results[row.experiment], names, beside));
  return [heading, '', `| ${columns.join(' | ')} |`, `|${columns.map(() => '---').join('|')}|`, ...lines, ''].join(
    '\n',
  );
}

function write(results: Results): void {
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  const text = [
    '# Accuracy',
    '',
    'Written by `npm run accuracy`, which runs every experiment file. Brackets: 95 % bootstrap interval over users, or over sequences. Settings and',
    'numbers of epochs were chosen on items held out of the training data, or left as they are by default; the test part chose nothing.',
    '',
    section(
      'ml-1m',
      '## MovieLens-1M, protocol of Neural Collaborative Filtering\n\nLast item of each user among 99 listed negatives ' +
        '(ties by expectation). "Full ranking" = HR@10 / NDCG@10 of the same weights among all unseen items. Published: HR@10 / NDCG@10; ' +
        'NCF-RS is an independent replication (github.com/rishbad/NCF-RS), † quoted from secondary sources and not verified.',
      ['hr@10', 'ndcg@10'],
      results,
      { published: true, full: true },
    ),
    section(
      'ml-100k',
      '## MovieLens-100K, last item of each user among all unseen items',
      ['ndcg@10', 'hr@10', 'coverage@10'],
      results,
      { published: false, full: false },
    ),
    section(
      'yoochoose-1-64',
      '## YooChoose 1/64, every next click of the test sessions\n\nAmong all items, conservative ties; clicks on items that training ' +
        'does not have are misses. Intervals are over sessions. Published: Recall@20 / MRR@20 (Wu et al., AAAI 2019, who do not say how ' +
        'they rank ties).',
      ['recall@20', 'mrr@20', 'recall@5', 'mrr@5'],
      results,
      { published: true, full: false },
    ),
    section(
      'yoochoose-100k',
      '## YooChoose, 100,000 clicks, every next click of the test sessions\n\nAs above; every test item is in training.',
      ['recall@20', 'mrr@20', 'recall@5', 'mrr@5'],
      results,
      { published: false, full: false },
    ),
    section(
      'ml-1m-sequences',
      '## MovieLens-1M as sequences, protocol of SASRec\n\nThe last film of each user among 100 films sampled uniformly outside the ' +
        'history. "Full ranking" = HR@10 / NDCG@10 of the same weights among all films outside the history. Published: HR@10 / NDCG@10.',
      ['hr@10', 'ndcg@10'],
      results,
      { published: true, full: true },
    ),
    ...fieldSections(results),
  ].join('\n');
  writeFileSync(join(root, 'docs/results/accuracy.md'), text);
}

const { values: options, positionals: wanted } = parseArgs({
  options: { seeds: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const nSeeds = Number(options.seeds);
if (!Number.isInteger(nSeeds) || nSeeds < 1) {
  console.error(`accuracy: --seeds must be a whole number from 1, found ${options.seeds}`);
  process.exit(2);
}
const data = process.env.DEEPTASTE_DATA ?? join(root, '../shared/data');
if (!existsSync(data)) {
  console.error(`accuracy: the data folder ${data} is missing; set DEEPTASTE_DATA`);
  process.exit(1);
}
process.env.DEEPTASTE_DATA = data;
const results: Results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : {};
for (const experiment of [...rows.map((row) => row.experiment), ...fieldExperiments]) {
  if (wanted.length > 0 && !wanted.some((name) => experiment.startsWith(name))) continue;
  console.error(`\n${experiment}`);
  results[experiment] = runExperiment(experiment);
  write(results);
}
write(results);
