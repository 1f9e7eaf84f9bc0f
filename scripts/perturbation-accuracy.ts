/**
 * How much of its accuracy BPR-MF keeps when its vectors are moved by ε, at random or by an adversary, trained as usual and adversarially:
 *   node scripts/perturbation-accuracy.ts ml-100k|ml-1m
 * Prints the table of docs/results/perturbation.md and writes docs/perturbation-<set>.svg. Needs the set in DEEPTASTE_DATA.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { Engine } from '../src/engine/runtime/engine.ts';
import { linePlot } from '../src/evaluation/line-plot.ts';
import { type PerturbedAccuracy, perturbationCurve } from '../src/robustness/perturbation.ts';
import { trainRecommender } from '../src/runs/train-recommender.ts';
import { prepareSplit } from '../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../src/tasks/ranking-settings.ts';

const EPSILONS = [0.1, 0.25, 0.5, 0.75, 1];
const METRIC = 'ndcg@10';
const data = process.env.DEEPTASTE_DATA ?? '../shared/data';
const sets = {
  'ml-100k': {
    file: `${data}/ml-100k/ml-100k.inter.gz`,
    settings: {
      data: { files: [`${data}/ml-100k/ml-100k.inter.gz`] },
      split: { method: 'leave-one-out', by: 'time' },
      training: {},
    },
  },
  'ml-1m': {
    file: `${data}/ml-1m/ncf.train.tsv.gz`,
    settings: {
      data: { files: [`${data}/ml-1m/ncf.train.tsv.gz`], header: false },
      split: { method: 'given', test: `${data}/ml-1m/ncf.test.rating.gz` },
      training: { epochs: 20, patience: 0, batchSize: 2048, optimizer: { learningRate: 0.002, l2: 0.05 } },
    },
  },
} as const;

const name = (process.argv[2] ?? 'ml-100k') as keyof typeof sets;
const set = sets[name];
if (!set || !existsSync(set.file)) {
  console.error(
    `perturbation accuracy: must be one of ${Object.keys(sets).join(', ')} in ${data}, found ${name}; set DEEPTASTE_DATA`,
  );
  process.exit(1);
}
const engine = new Engine();
const models = [
  { title: 'MF', adversarial: {} },
  { title: 'AMF, ε = 0.5', adversarial: { adversarialEpsilon: 0.5 } },
  { title: 'AMF, ε = 1', adversarial: { adversarialEpsilon: 1 } },
];
const curves: { readonly title: string; readonly curve: readonly PerturbedAccuracy[] }[] = [];
for (const { title, adversarial } of models) {
  const settings = parseRunSettings({
    ...set.settings,
    training: { ...set.settings.training, ...adversarial },
    model: 'bpr-mf',
    final: false,
    seed: 1,
  });
  const split = await prepareSplit(settings);
  const { recommender, log } = await trainRecommender({ engine, split, settings });
  const scorer = recommender.scorer('pairs');
  const { evaluation, seed } = settings;
  const curve = perturbationCurve({ engine, split, scorer, evaluation, metric: METRIC, epsilons: EPSILONS, seed });
  process.stderr.write(`${title}: ${log.length} epochs\n`);
  curves.push({ title, curve });
}
engine.close();

const rowsOf = curves.flatMap(({ title, curve }) =>
  (['random', 'adversarial'] as const).map((kind) => ({
    name: `${title}, ${kind}`,
    points: curve.filter((point) => point.kind === kind),
  })),
);
console.log(`| ${METRIC} at ε | ${[0, ...EPSILONS].join(' | ')} |\n|---|${'---|'.repeat(EPSILONS.length + 1)}`);
for (const { name: row, points } of rowsOf) {
  const cells = points.map(({ value, kept }) => `${value.toFixed(4)} (${Math.round(100 * kept)} %)`);
  console.log(`| ${row} | ${cells.join(' | ')} |`);
}
const most = EPSILONS[EPSILONS.length - 1];
const picture = linePlot({
  title: `What is left when vectors are moved, ${name}`,
  about: `${METRIC} of BPR-MF (MF) and of BPR-MF trained adversarially (AMF) when every vector is moved by ε, at random or to where the loss rises fastest`,
  names: rowsOf.map(({ name: row }) => row),
  panels: [
    {
      title: `${METRIC} against ε`,
      floor: 0,
      lines: rowsOf.map(({ points }) => points.map(({ epsilon, value }) => ({ x: epsilon / most, y: value }))),
    },
  ],
  marks: [0, ...EPSILONS].map((epsilon) => ({ x: epsilon / most, text: String(epsilon) })),
});
writeFileSync(new URL(`../docs/perturbation-${name}.svg`, import.meta.url), picture);
