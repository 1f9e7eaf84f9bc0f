/**
 * Detectors of fake profiles on labelled sets, and the time of PCA on many people:
 *   node scripts/detection-accuracy.ts [people]
 * Writes docs/results/detection.md. Needs the sets of `shilling` in DEEPTASTE_DATA, and says so where they are absent.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { RandomStream } from '../src/core/random.ts';
import type { Dataset } from '../src/data/dataset.ts';
import { loadDataset } from '../src/data/load.ts';
import { Vocabulary } from '../src/data/vocabulary.ts';
import { Engine } from '../src/engine/runtime/engine.ts';
import { calibration } from '../src/evaluation/metrics/calibration.ts';
import { aucInterval } from '../src/evaluation/statistics/auc-interval.ts';
import { featureTable } from '../src/robustness/detection/feature-table.ts';
import { suspicionBy } from '../src/robustness/detection/features/feature.ts';
import { varSelect } from '../src/robustness/detection/features/var-select.ts';
import { readProfileLabels } from '../src/robustness/detection/labels.ts';
import { profilesOf } from '../src/robustness/detection/profiles.ts';
import { supervisedScores } from '../src/robustness/detection/supervised.ts';

const SEED = 1;
const data = process.env.DEEPTASTE_DATA ?? '../shared/data';
const sets = [
  { name: 'filmtrust-average', title: 'FilmTrust, 150 injected average-attack profiles' },
  { name: 'amazon', title: 'Amazon, real reviewers labelled by hand' },
];
const engine = new Engine();

/** AUC with its interval, and F1 when as many are flagged as there are fakes. */
function measured(labels: readonly number[], scores: readonly number[]): string {
  const { mean, low, high } = aucInterval(labels, scores);
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}] | ${f1(labels, scores).toFixed(3)}`;
}

function f1(labels: readonly number[], scores: readonly number[]): number {
  const nFake = labels.filter((label) => label === 1).length;
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  return order.slice(0, nFake).filter((row) => labels[row] === 1).length / nFake;
}

async function labelledSet({ name, title }: (typeof sets)[number]): Promise<string[]> {
  const folder = `${data}/shilling/${name}`;
  const dataset = await loadDataset({ files: [`${folder}/ratings.tsv.gz`] });
  const profiles = profilesOf(dataset);
  const known = await readProfileLabels(`${folder}/labels.tsv.gz`, dataset.users);
  const people = Array.from(known.ofUser.keys()).filter((user) => known.ofUser[user] >= 0);
  const labels = people.map((user) => known.ofUser[user]);
  const of = (scores: Float64Array) => people.map((user) => scores[user]);
  const table = featureTable(profiles, { engine, random: new RandomStream(SEED, 'features') });
  const lines = [
    `## ${title}`,
    '',
    `${dataset.interactions.length.toLocaleString('en')} ratings by ${dataset.users.size.toLocaleString('en')} people of ` +
      `${dataset.items.size.toLocaleString('en')} items; ${known.nFake.toLocaleString('en')} fake, ${known.nReal.toLocaleString('en')} real.`,
    '',
    '| detector | suspicious end | AUC [95 %] | F1 |',
    '|---|---|---|---|',
  ];
  for (const { feature, values } of table)
    lines.push(`| ${feature.title} | ${feature.suspicious} | ${measured(labels, of(suspicionBy(feature, values)))} |`);
  const rated = varSelect(profiles, { engine, random: new RandomStream(SEED, 'rated'), over: 'rated items' });
  lines.push(`| PCA-VarSelect over rated items only | low | ${measured(labels, of(rated.map((x) => -x)))} |`);
  for (const model of ['lr', 'deepfm']) {
    const random = new RandomStream(SEED, 'detector');
    const started = performance.now();
    const scores = of(await supervisedScores(table, known, { engine, random, model, ...trainingOf(model) }));
    const error = calibration(labels, scores).expectedError;
    lines.push(`| supervised, ${model}, cross-fitted (5 folds) | high | ${measured(labels, scores)} |`);
    notes.push(
      `${title}: ${model} took ${((performance.now() - started) / 1000).toFixed(1)} s, expected calibration error ${error.toFixed(3)}`,
    );
  }
  return [...lines, ''];
}

const notes: string[] = [];
const trainingOf = (model: string) =>
  model === 'deepfm' ? { training: { epochs: 20, batchSize: 128, optimizer: { learningRate: 0.005, l2: 1e-5 } } } : {};

/** So many people with so many items each, drawn by popularity. */
function manyPeople(nUsers: number, nItems: number, each: number): Dataset {
  const random = new RandomStream(SEED, 'many people');
  const n = nUsers * each;
  const none = { fields: [], title: null };
  return {
    name: 'many people',
    users: new Vocabulary(Array.from({ length: nUsers }, (_, u) => String(u))),
    items: new Vocabulary(Array.from({ length: nItems }, (_, i) => String(i))),
    interactions: {
      length: n,
      userIndex: Int32Array.from({ length: n }, (_, row) => Math.floor(row / each)),
      itemIndex: Int32Array.from({ length: n }, () => Math.floor(nItems * random.uniform() ** 3)),
      rating: Float32Array.from({ length: n }, () => 1 + random.below(5)),
      time: null,
      session: null,
    },
    userFields: { nRows: nUsers, ...none },
    itemFields: { nRows: nItems, ...none },
    social: null,
    schema: { columns: [] },
    hash: '',
    warnings: [],
  };
}

function speed(nUsers: number): string[] {
  const [nItems, each] = [10_000, 100];
  const profiles = profilesOf(manyPeople(nUsers, nItems, each));
  const before = process.memoryUsage.rss();
  let most = before;
  const started = performance.now();
  varSelect(profiles, { engine, random: new RandomStream(SEED, 'speed') });
  most = Math.max(most, process.resourceUsage().maxRSS * 1024);
  const seconds = (performance.now() - started) / 1000;
  const full = (8 * nUsers * nItems) / 2 ** 30;
  return [
    '## Speed',
    '',
    '| people | items | ratings | PCA-VarSelect | memory of the process, at most | the full matrix would take |',
    '|---|---|---|---|---|---|',
    `| ${nUsers.toLocaleString('en')} | ${nItems.toLocaleString('en')} | ${profiles.rows.columns.length.toLocaleString('en')} | ` +
      `${seconds.toFixed(1)} s | ${(most / 2 ** 30).toFixed(2)} GiB | ${full.toFixed(1)} GiB |`,
    '',
  ];
}

const missing = sets.filter(({ name }) => !existsSync(`${data}/shilling/${name}/ratings.tsv.gz`));
if (missing.length > 0) {
  console.error(
    `detection accuracy: ${data}/shilling must hold ${missing.map(({ name }) => name).join(' and ')}, found nothing there; set DEEPTASTE_DATA`,
  );
  process.exit(1);
}
const sections: string[] = [];
const fast = speed(Number(process.argv[2] ?? 100_000));
for (const set of sets) sections.push(...(await labelledSet(set)));
engine.close();
const page = [
  '# Detectors of fake profiles',
  '',
  `\`node scripts/detection-accuracy.ts\`, seed ${SEED}, Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0].model}).`,
  '',
  'AUC: the chance that a fake person is ranked above a real one; intervals by DeLong. F1 where as many people are flagged as there are fakes.',
  'Each feature is read from the end of the scale at which injected profiles are expected: an AUC below .5 says that in these data the fakes',
  'are at the other end. The trivial features (length, popularity, ratings) are the ones to beat.',
  '',
  ...sections,
  ...notes.map((note) => `- ${note}`),
  '',
  ...fast,
].join('\n');
writeFileSync(new URL('../docs/results/detection.md', import.meta.url), `${page.trimEnd()}\n`);
console.log(page);
