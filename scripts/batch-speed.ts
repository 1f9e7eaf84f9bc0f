/**
 * Lists for all users beside the evaluation's ranking of the same users, each in a process of its own:
 *   node scripts/batch-speed.ts RUN EXPERIMENT.yaml [rounds]
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HeldOutRanking } from '../src/evaluation/ranking.ts';
import { Recommender } from '../src/recommender/recommender.ts';
import { areOf } from '../src/runs/any-settings.ts';
import { readExperiment } from '../src/runs/experiment-file.ts';
import { prepareSplit } from '../src/tasks/prepare-split.ts';

interface Measured {
  readonly users: number;
  readonly seconds: number;
  /** Seconds of all threads' processors, which other work does not lengthen. */
  readonly processor: number;
  /** Of the process, in MiB: before the work, and at most. */
  readonly memory: readonly [number, number];
}

const peak = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

function startClock(): () => Pick<Measured, 'seconds' | 'processor'> {
  const [started, usage] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(usage);
    return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
  };
}

async function recommendAll(run: string): Promise<Measured> {
  const recommender = await Recommender.load(run, { blas: 'off' });
  recommender.recommend({ user: recommender.parts.users.idOf(0) });
  const before = peak();
  const clock = startClock();
  let users = 0;
  for await (const { recommendations } of recommender.recommendAll({ k: 10 }))
    users += recommendations.length > 0 ? 1 : 0;
  const times = clock();
  recommender.close();
  return { users, ...times, memory: [before, peak()] };
}

/** @param listLength of the lists of best items that are made beside the ranks of the held-out items */
async function evaluate(run: string, experiment: string, listLength: number): Promise<Measured> {
  const recommender = await Recommender.load(run, { blas: 'off' });
  const settings = await readExperiment(experiment);
  if (!areOf('pairs', settings)) throw new Error(`${experiment}: must be of users and items`);
  const split = await prepareSplit(settings);
  const { engine } = recommender;
  const ranking = new HeldOutRanking({ engine, split, part: 'test', filter: 'train', allItems: true, listLength });
  const { form } = recommender.scorer('pairs');
  recommender.recommend({ user: recommender.parts.users.idOf(0) });
  const before = peak();
  const clock = startClock();
  const { users } = ranking.rank(form);
  const times = clock();
  recommender.close();
  return { users: users.length, ...times, memory: [before, peak()] };
}

const works: Readonly<Record<string, (run: string, experiment: string) => Promise<Measured>>> = {
  'evaluation, ranks alone': (run, experiment) => evaluate(run, experiment, 0),
  'evaluation, lists of ten too': (run, experiment) => evaluate(run, experiment, 10),
  recommendAll: (run) => recommendAll(run),
};

const [run, experiment, rounds = '3', work] = process.argv.slice(2);
if (work !== undefined) process.stdout.write(JSON.stringify(await works[work](run, experiment)));
else
  for (let round = 1; round <= Number(rounds); round++)
    for (const name of Object.keys(works)) {
      const args = [fileURLToPath(import.meta.url), run, experiment, rounds, name];
      const { users, seconds, processor, memory } = JSON.parse(
        execFileSync(process.execPath, args, { encoding: 'utf8' }),
      ) as Measured;
      const speed = `${seconds.toFixed(2)} s (${processor.toFixed(2)} s of processors), ${Math.round(users / seconds)} users/s`;
      console.log(`${name}: ${users} users, ${speed}, memory ${memory[0]} MiB before, at most ${memory[1]} MiB`);
    }
