/** `deeptaste retrain` as users run it: what it trains on, whom it judges by, when it replaces the run. */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshMark } from '../../src/core/process-mark.ts';
import { openStore } from '../../src/serving/store/open-store.ts';
import type { FeedbackEvent } from '../../src/serving/store/records.ts';
import { until, workplace } from '../cli/command-line.ts';
import { addressOf, onPostgres, postgresServer } from './postgres.ts';
import { startServer } from './running-server.ts';

const place = workplace();
/** Each test starts several processes, and the machine may be busy with other tests. */
const LONG = 600_000;
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const N_USERS = 40;
/** Items of a camp. */
const N_ITEMS = 16;

/** Item n of the camp that a user is of. */
const itemOf = (user: number, n: number): string => `f${(user % 2) * N_ITEMS + (n % N_ITEMS)}`;

/** In training everybody has taken eight items of their camp, one after the other. */
function trainingCsv(): string {
  const rows = ['member,film,seen_at'];
  for (let user = 0; user < N_USERS; user++)
    for (let n = 0; n < 8; n++)
      rows.push(`u${user},${itemOf(user, user + n)},${START / 1000 - 1_000_000 + n * 1000 + user}`);
  return `${rows.join('\n')}\n`;
}

/** Since then everybody takes five more of their camp, one a day. */
function feedbackOf(users = N_USERS, from = START, name = 'e'): FeedbackEvent[] {
  return Array.from({ length: users }, (_, user) => user).flatMap((user) =>
    Array.from({ length: 5 }, (_, n) => ({
      ...{ id: `${name}${user}-${n}`, user: `u${user}`, item: itemOf(user, user + 8 + n), type: 'view', value: null },
      ...{ time: from + n * DAY + user * 1000, session: null, recommendation: null },
    })),
  );
}

async function told(store: string, events: readonly FeedbackEvent[]): Promise<void> {
  const opened = await openStore(store);
  await opened.addEvents(events);
  await opened.close();
}

const train = async (model: string, out: string, ...more: string[]): Promise<void> => {
  const { code, stderr } = await place.run([
    'train',
    '--data',
    'films.csv',
    '--model',
    model,
    '--out',
    out,
    '--quiet',
    '--blas',
    'off',
    ...more,
  ]);
  expect(code, stderr).toBe(0);
};

const retrain = (run: string, store: string, ...more: string[]) =>
  place.run(['retrain', run, '--store', store, '--json', '--blas', 'off', '--threads', '1', ...more]);

const manifest = (run: string): string => readFileSync(place.path(run, 'manifest.json'), 'utf8');

beforeAll(async () => {
  place.write('films.csv', trainingCsv());
  await told(place.path('told.db'), feedbackOf());
}, 60_000);

it(
  'replaces the run by one that knows the feedback, remembers how far it went, and says what it did',
  async () => {
    await train('item-knn', 'run');
    const before = manifest('run');
    const { code, stdout, stderr } = await retrain('run', 'told.db');
    expect(code, stderr).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ outcome: 'promoted', events: 200, heldBack: 40, people: N_USERS, metric: 'ndcg@10' });
    // who is held back took one item each, by an order that both were asked for: the numbers are of the same people
    expect(said.served.protocol).toEqual(said.new.protocol);
    expect(said.difference.mean).toBeCloseTo(
      said.new.metrics['ndcg@10'].mean - said.served.metrics['ndcg@10'].mean,
      10,
    );
    expect(said).toMatchObject({ verdict: 'not-worse', margin: 0.1, promote: 'not-worse' });
    expect(said.difference.low).toBeGreaterThanOrEqual(-0.1 * said.served.metrics['ndcg@10'].mean);
    expect(manifest('run')).not.toBe(before);
    // the items told last are known of the person, too
    const lists = await place.run(['recommend', 'run', '--user', 'u0', '-k', '32', '--json']);
    const items = JSON.parse(lists.stdout).recommendations.map(({ item }: { item: string }) => item);
    expect(items).not.toContain(itemOf(0, 12));
    const again = await retrain('run', 'told.db');
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { run: 'run', outcome: 'too-little', events: 0, heldBack: 0 },
    ]);
    // only what came since is gone on with
    await told(place.path('told.db'), feedbackOf(N_USERS, START + 30 * DAY, 'later '));
    const later = JSON.parse((await retrain('run', 'told.db')).stdout);
    expect(later).toMatchObject({ events: 200 });
    // of another store nothing is known
    await told(place.path('other.db'), feedbackOf());
    expect(JSON.parse((await retrain('run', 'other.db')).stdout)).toMatchObject({ events: 200 });
  },
  LONG,
);

it(
  'leaves a run as it was where the new one is worse, unless told otherwise',
  async () => {
    await train('mf', 'good', '--epochs', '60', '--set', 'optimizer.learningRate=0.05');
    await told(place.path('worse.db'), feedbackOf());
    const before = manifest('good');
    const spoilt = ['--epochs', '30', '--set', 'optimizer.learningRate=30'];
    const { code, stdout, stderr } = await retrain('good', 'worse.db', ...spoilt);
    expect(code, stderr).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ outcome: 'kept', verdict: 'worse' });
    expect(said.difference.high).toBeLessThan(0);
    expect(manifest('good')).toBe(before);
    // where the interval holds both, it stays, too
    const unclear = await retrain('good', 'worse.db', '--epochs', '1', '--margin', '0');
    expect(JSON.parse(unclear.stdout)).toMatchObject({ outcome: 'kept', verdict: 'unclear' });
    expect(manifest('good')).toBe(before);
    const words = await place.run(['retrain', 'good', '--store', 'worse.db', '--blas', 'off', '--quiet', ...spoilt]);
    expect(words.stdout).toMatch(
      /difference −0\.\d+ \(95 % interval .* paired\); worse: the whole interval lies below 0\ngood stays as it was; /,
    );
    const anyway = await retrain('good', 'worse.db', '--promote', 'always', ...spoilt);
    expect(JSON.parse(anyway.stdout)).toMatchObject({ outcome: 'promoted' });
    expect(manifest('good')).not.toBe(before);
  },
  LONG,
);

it(
  'begins anew with the files of the run and the feedback',
  async () => {
    await train('bpr-mf', 'anew', '--epochs', '5');
    const { code, stdout, stderr } = await retrain('anew', 'told.db', '--anew', '--promote', 'always');
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'promoted' });
    const made = JSON.parse(manifest('anew'));
    // pairs that repeat count once
    expect(made.data.nInteractions).toBe(N_USERS * (8 + 5));
    expect(made.from).toBeUndefined();
    expect(made.training.epochs).toBe(5);
    const moved = await retrain('anew', 'told.db', '--data', 'films.csv');
    expect([moved.code, moved.stderr]).toEqual([
      2,
      expect.stringMatching(/--data says where the files of the run are.*--anew/),
    ]);
  },
  LONG,
);

it(
  'does nothing with too little feedback, or of too few people',
  async () => {
    await train('popularity', 'few');
    const before = manifest('few');
    await told(place.path('few.db'), feedbackOf(10));
    const few = await place.run(['retrain', 'few', '--store', 'few.db', '--quiet']);
    expect([few.code, few.stdout]).toEqual([
      0,
      'too little feedback: 50 events that take items, at least 100 are needed; few stays as it was\n',
    ]);
    const people = await retrain('few', 'few.db', '--min-events', '10');
    expect([people.code, JSON.parse(people.stdout).outcome]).toEqual([0, 'too-little']);
    expect(manifest('few')).toBe(before);
    const none = await place.run(['retrain', 'nowhere', '--store', 'nowhere.db']);
    expect([none.code, existsSync(place.path('nowhere.db'))]).toEqual([1, false]);
  },
  LONG,
);

it(
  'killed half-way leaves the run as it was, and the next one goes on at once',
  async () => {
    await train('mf', 'killed', '--epochs', '3');
    await told(place.path('killed.db'), feedbackOf());
    const before = manifest('killed');
    const { child, outcome } = place.start([
      'retrain',
      'killed',
      '--store',
      'killed.db',
      '--blas',
      'off',
      '--epochs',
      '20000',
    ]);
    let text = '';
    child.stderr?.on('data', (chunk) => {
      text += chunk;
    });
    await until(() => text.includes('going on with'), 60_000);
    const busy = await retrain('killed', 'killed.db');
    expect([busy.code, JSON.parse(busy.stdout)]).toEqual([0, { run: 'killed', outcome: 'busy' }]);
    child.kill('SIGKILL');
    await outcome;
    expect(manifest('killed')).toBe(before);
    const next = await retrain('killed', 'killed.db', '--promote', 'always');
    expect([next.code, JSON.parse(next.stdout).outcome]).toEqual([0, 'promoted']);
    expect(
      readdirSync(place.folder).filter((name) => name.startsWith('killed.') && !name.startsWith('killed.db')),
    ).toEqual([]);
  },
  LONG,
);

it(
  'a server retrains on schedule, in another process, serves the new run, and counts what it did',
  async () => {
    await train('item-knn', 'scheduled');
    await told(place.path('scheduled.db'), feedbackOf());
    const server = await startServer(place, 'scheduled', '--store', 'scheduled.db', '--retrain-every', '1s');
    try {
      const before = (await server.ask('GET', '/models')).body.models[0].version;
      await until(() => server.log().some(({ event }) => event === 'reloaded'), 500_000);
      const log = server.log();
      expect(log.find(({ event }) => event === 'retrained')).toMatchObject({ run: 'scheduled', result: 'promoted' });
      expect((await server.ask('GET', '/models')).body.models[0].version).not.toBe(before);
      const { text } = await server.ask('GET', '/metrics');
      expect(text).toMatch(/deeptaste_retrains_total\{result="promoted"\} 1/);
      // the next one finds nothing new
      await until(
        () => server.log().some(({ event, result }) => event === 'retrained' && result === 'too-little'),
        120_000,
      );
    } finally {
      await server.stop();
    }
    expect(server.log().at(-1)?.event).toBe('stopped');
  },
  LONG,
);

const database = `deeptaste_test_${randomUUID().slice(0, 8)}`;
const hasPostgres = await onPostgres(`CREATE DATABASE ${database}`);
afterAll(async () => {
  if (hasPostgres) await onPostgres(`DROP DATABASE ${database} WITH (FORCE)`);
});

it.skipIf(!hasPostgres)(
  `over Postgres one process retrains at a time (${postgresServer})`,
  async () => {
    await train('popularity', 'shared');
    const address = addressOf(database);
    await told(address, feedbackOf());
    const store = await openStore(address);
    expect(await store.takeWork('retrain shared', freshMark(), Date.now() + 60_000)).toBe(true);
    expect(JSON.parse((await retrain('shared', address)).stdout)).toEqual({ run: 'shared', outcome: 'busy' });
    const work = await store.work('retrain shared');
    await store.endWork('retrain shared', work?.holder ?? '', 'kept');
    const both = await Promise.all([1, 2].map(() => retrain('shared', address, '--promote', 'always')));
    const outcomes = both.map(({ stdout }) => JSON.parse(stdout).outcome).sort();
    expect([
      ['busy', 'promoted'],
      ['promoted', 'too-little'],
    ]).toContainEqual(outcomes);
    expect(await store.work('retrain shared')).toMatchObject({ until: 0 });
    await store.close();
  },
  120_000,
);
