/**
 * Lists for all users beside the evaluation's ranking of the same users, in turn in one process:
 *   node scripts/batch-speed.ts RUN EXPERIMENT.yaml [rounds]
 * The seconds are those of all threads' processors, which other work lengthens least; medians of the rounds are compared.
 */
import { rankEvents } from '../src/evaluation/next-item/rank-events.ts';
import { targetEvents } from '../src/evaluation/next-item/target-events.ts';
import { HeldOutRanking } from '../src/evaluation/ranking.ts';
import { Recommender } from '../src/recommender/recommender.ts';
import { type AnyRunSettings, areOf } from '../src/runs/any-settings.ts';
import { readExperiment } from '../src/runs/experiment-file.ts';
import { prepareFieldData } from '../src/tasks/prepare-fields.ts';
import { prepareSequenceSplit } from '../src/tasks/prepare-sequences.ts';
import { prepareSplit } from '../src/tasks/prepare-split.ts';
import { FieldRanker } from '../src/tasks/rank-by-fields.ts';

const LIST_LENGTH = 10;

interface Measured {
  readonly seconds: number;
  readonly processor: number;
}

async function timed(work: () => unknown): Promise<Measured> {
  const [started, usage] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(usage);
  return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
}

/** The ranking that an evaluation makes; returns the number of users. */
async function evaluationOf(recommender: Recommender, settings: AnyRunSettings): Promise<() => number> {
  const { engine } = recommender;
  if (areOf('pairs', settings)) {
    const split = await prepareSplit(settings);
    const options = { engine, split, part: 'test', filter: 'train', allItems: true, listLength: LIST_LENGTH } as const;
    const ranking = new HeldOutRanking(options);
    return () => ranking.rank(recommender.scorer('pairs').form).users.length;
  }
  if (areOf('sequences', settings)) {
    const { test } = await prepareSequenceSplit(settings);
    const targets = targetEvents({ ...test!, candidates: null });
    return () => rankEvents(recommender.scorer('sequences'), targets, { excludeHistory: true }).greater.length;
  }
  if (!areOf('rows', settings)) throw new Error('internal: settings of another form');
  const ranker = new FieldRanker(engine, await prepareFieldData(settings), 'test', settings.seed);
  return () => ranker.rank(recommender.scorer('rows').ranking, LIST_LENGTH).users.length;
}

async function recommendAll(recommender: Recommender): Promise<number> {
  let users = 0;
  for await (const { recommendations } of recommender.recommendAll({ k: LIST_LENGTH, includeSeen: false }))
    users += recommendations.length > 0 ? 1 : 0;
  return users;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const peak = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

const [run, experiment, rounds = '5'] = process.argv.slice(2);
const recommender = await Recommender.load(run, { blas: 'off' });
recommender.recommend({ user: recommender.parts.users.idOf(0) });
const before = peak();
const served = await recommendAll(recommender);
const most = peak();
const evaluate = await evaluationOf(recommender, await readExperiment(experiment));
const ranked = evaluate();
const works = { evaluation: [] as Measured[], recommendAll: [] as Measured[] };
for (let round = 0; round < Number(rounds); round++) {
  works.evaluation.push(await timed(evaluate));
  works.recommendAll.push(await timed(() => recommendAll(recommender)));
}
recommender.close();
const of = (name: keyof typeof works, key: keyof Measured) => median(works[name].map((each) => each[key]));
for (const [name, users] of Object.entries({ evaluation: ranked, recommendAll: served })) {
  const [seconds, processor] = [of(name as keyof typeof works, 'seconds'), of(name as keyof typeof works, 'processor')];
  console.log(`${name}: ${users} users, ${seconds.toFixed(2)} s, ${processor.toFixed(2)} s of processors`);
}
const ratio = (key: keyof Measured) => (of('recommendAll', key) / of('evaluation', key)).toFixed(2);
console.log(`recommendAll ÷ evaluation: ${ratio('seconds')} of the clock, ${ratio('processor')} of processors`);
console.log(`memory before the first list ${before} MiB, at most until the last ${most} MiB`);
