/**
 * The tables of docs/results/robustness.md: runs `deeptaste attack` for each experiment whose folder is not there yet, then writes the page from
 * the folders that are.
 *   node scripts/robustness-results.ts FOLDER [experiment…]
 * Without names all experiments are run, which takes hours; data sets lie in DEEPTASTE_DATA.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AttackOutcome, Effect } from '../src/robustness/attack-outcome.ts';
import type { AttackStudy } from '../src/robustness/measure-attacks.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const club = '--data film-club --set data.nUsers=400 --set data.nItems=300 --split ratio';
const smallClub = '--data film-club --set data.nUsers=300 --set data.nItems=200 --split ratio';
const movies = '--data $DEEPTASTE_DATA/ml-100k/ml-100k.inter.gz --split ratio';
const all = '--model popularity,item-knn,ease,mf,bpr-mf,neumf,lightgcn,gru4rec';
const simple = '--attack random,bandwagon,segment';
const budgets = '--budget 1%,3%,5%';

interface Experiment {
  readonly title: string;
  /** What stands after `deeptaste attack`. */
  readonly args: string;
}

const experiments: Readonly<Record<string, Experiment>> = {
  'fc-simple': {
    title: 'Film club (300 × 200): simple attacks, 5 unpopular targets, 5 seeds',
    args: `${smallClub} --model item-knn,ease,ials ${simple} ${budgets}`,
  },
  'fc-gradient': {
    title: 'Film club (300 × 200): attacks by gradients beside simple ones at 1 %, 3 seeds',
    args: `${smallClub} --model item-knn,ease,ials --attack random,bandwagon,segment,als-gradient,revadv --set als-gradient.greyBox=true --set als-gradient.steps=6 --set revadv.steps=8 --budget 1% --targets unpopular --seeds 3`,
  },
  'ml-ials': {
    title: 'MovieLens-100K: attacks by gradients beside simple attacks at 1 %, and their transfer to ItemKNN, 3 seeds',
    args: `${movies} --model ials,item-knn --attack random,bandwagon,segment,als-gradient,revadv --set als-gradient.greyBox=true --set als-gradient.steps=6 --set revadv.steps=8 --budget 1% --targets unpopular --seeds 3`,
  },
  'ml-ratings': {
    title: 'MovieLens-100K: popular films demoted where ratings are predicted and ranked by (bias), 5 seeds',
    args: `${movies} --model bias --task rating --attack random,average,bandwagon,love-hate --demote --targets popular --budget 1%,3% --seeds 5`,
  },
  'fc-black': {
    title: 'Film club (400 × 300): attacks from outside, 20 fake people, 60 questions, 2 seeds',
    args: `${club} --model popularity,item-knn,ials,ease --attack bandwagon,poisonrec,copy-attack --budget 20 --questions 60 --targets unpopular --seeds 2`,
  },
  'fc-slow': {
    title: 'Film club (400 × 300): BPR-MF and GRU4Rec, 2 seeds',
    args: `${club} --model bpr-mf,gru4rec --attack bandwagon,segment --budget 3% --targets unpopular --seeds 2`,
  },
  ...Object.fromEntries(
    ['unpopular', 'random'].map((targets): [string, Experiment] => [
      `ml-${targets}`,
      {
        title: `MovieLens-100K: all victims, 5 ${targets} targets, 5 seeds`,
        args: `${movies} ${all} --attack random,bandwagon,segment,als-gradient,revadv --set als-gradient.greyBox=true ${budgets} --targets ${targets} --seeds 5`,
      },
    ]),
  ),
};

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) throw new Error('say: node scripts/robustness-results.ts FOLDER [experiment…]');
for (const [name, { args }] of Object.entries(experiments)) {
  if (existsSync(join(folder, name, 'attack.json')) || (names.length > 0 && !names.includes(name))) continue;
  const words = args.replace('$DEEPTASTE_DATA', process.env.DEEPTASTE_DATA ?? '../shared/data').split(' ');
  const main = join(root, 'src/cli/main.ts');
  spawnSync(process.execPath, [main, 'attack', ...words, '--out', join(folder, name)], { stdio: 'inherit' });
}

const head = `# Poisoned feeds: what was measured

Written by \`node scripts/robustness-results.ts FOLDER\`; each table says its command. \`hr\` is the share of real people without the target whose list holds it,
mean over targets; numbers after a sign are differences to the clean victim with 95 % intervals over seeds (Student's t). AUC: how well length,
popularity, and the best of the features of [detection](../robustness.md) tell the fake people. Seconds are of a busy machine with two cores.
`;
const sections = Object.entries(experiments).flatMap(([name, experiment]) => {
  const file = join(folder, name, 'attack.json');
  return existsSync(file) ? [sectionOf(experiment, JSON.parse(readFileSync(file, 'utf8')))] : [];
});
writeFileSync(join(root, 'docs/results/robustness.md'), [head, ...sections].join('\n'));

function sectionOf({ title, args }: Experiment, { outcomes }: AttackStudy): string {
  const hasPredictions = outcomes.every(({ predicted }) => predicted !== null);
  const header = [
    'victim',
    'attack',
    'fakes',
    'rows',
    'hr@10 clean',
    'hr@10',
    'hr@50 clean',
    'hr@50',
    'rank',
    ...(hasPredictions ? ['predicted'] : []),
    outcomes[0].metric,
    'AUC length',
    'popularity',
    'best feature',
    's to craft',
    's to train',
  ];
  const rows = outcomes.map((each) => [
    each.victim,
    each.attack,
    `${(100 * each.share).toFixed(1)} %`,
    each.cost.rows.toFixed(0),
    ...['hr@10', 'hr@50'].flatMap((k) => [each.hits[k].clean.mean.toFixed(4), shown(each.hits[k], 4)]),
    difference(each.rank, 0),
    ...(each.predicted ? [difference(each.predicted, 3)] : []),
    difference(each.accuracy, 4),
    each.visibility.auc.length.toFixed(2),
    each.visibility.auc.popularity.toFixed(2),
    bestFeature(each),
    each.cost.secondsToCraft.toFixed(1),
    each.trainingSeconds.toFixed(1),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}`,
    '```',
    `deeptaste attack ${args}`,
    '```',
    line(header),
    line(header.map(() => '---')),
    ...rows.map(line),
    '',
  ].join('\n');
}

function shown(effect: Effect, digits: number): string {
  return `${effect.poisoned.mean.toFixed(digits)} (${difference(effect, digits)})`;
}

function difference({ difference: { mean, high } }: Effect, digits: number): string {
  const reach = high === null ? '' : ` ± ${(high - mean).toFixed(digits)}`;
  return `${mean >= 0 ? '+' : '−'}${Math.abs(mean).toFixed(digits)}${reach}`;
}

function bestFeature({ visibility: { auc } }: AttackOutcome): string {
  const known = Object.entries(auc).filter(([, value]) => value !== null);
  const [name, value] = known.reduce((best, each) => (Math.abs(each[1] - 0.5) > Math.abs(best[1] - 0.5) ? each : best));
  return `${name} ${value.toFixed(2)}`;
}
