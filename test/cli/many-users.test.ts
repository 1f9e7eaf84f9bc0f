/** Lists for many users from the command line: the table in every format, who is left out, and what never leaves half a file. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withDuckdb } from '../../src/artifact/parquet-writer.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { filmsCsv, mainFile, until, workplace } from './command-line.ts';

const place = workplace();
const many = (...args: string[]) => place.run(['recommend', 'runs/films', ...args]);
const text = (name: string) => readFileSync(place.path(name), 'utf8');

interface Row {
  readonly user: string;
  readonly rank: number;
  readonly item: string;
  readonly title: string;
  readonly score: number;
  readonly by_popularity: boolean;
}
const rowsOf = (name: string): Row[] =>
  text(name)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

/** What one after the other is recommended to these users. */
async function expectedRows(users: readonly string[], k: number): Promise<Row[]> {
  const recommender = await Recommender.load(place.path('runs/films'), { threads: 1, blas: 'off' });
  const rows = users.flatMap((user) =>
    recommender
      .recommend({ user }, { k })
      .recommendations.map(({ item, title, score, byPopularity = false }, n): Row => {
        return { user, rank: n + 1, item, title, score, by_popularity: byPopularity };
      }),
  );
  recommender.close();
  return rows;
}

const summary = z.strictObject({
  run: z.string(),
  model: z.string(),
  path: z.string(),
  users: z.int(),
  rows: z.int(),
  skipped: z.array(z.strictObject({ reason: z.string(), n: z.int(), users: z.array(z.string()) })),
  seconds: z.number(),
  usersPerSecond: z.number(),
});

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  const train = [
    'train',
    '--data',
    'films.csv',
    '--split',
    'leave-one-out',
    '--model',
    'item-knn',
    '--out',
    'runs/films',
  ];
  expect(await place.run(train)).toMatchObject({ code: 0 });
});

describe('a table for everybody', () => {
  it('holds the lists that each user gets alone', async () => {
    expect(await many('--users', 'all', '--out', 'all.jsonl', '-k', '4')).toMatchObject({ code: 0 });
    const rows = rowsOf('all.jsonl');
    const users = [...new Set(rows.map(({ user }) => user))];
    expect(users).toHaveLength(30);
    expect(rows).toEqual(await expectedRows(users, 4));
    expect(place.names().filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('is the same in every format, also for ids with commas and quotes, on any number of threads', async () => {
    for (const [file, threads] of [
      ['a.jsonl', '1'],
      ['a.csv', '2'],
      ['a.parquet', '2'],
    ])
      expect(await many('--users', 'all', '--out', file, '-k', '12', '--threads', threads)).toMatchObject({ code: 0 });
    const rows = rowsOf('a.jsonl');
    expect(rows.some(({ item }) => item === 'a,b')).toBe(true);
    expect(rows.some(({ item }) => item === 'say "hi"')).toBe(true);
    for (const table of ["read_csv('a.csv', all_varchar = true)", "read_parquet('a.parquet')"]) {
      const sql = `SELECT "user", rank::INT, item, title, score::FLOAT::DOUBLE, by_popularity::BOOLEAN FROM ${table.replace("('", `('${place.folder}/`)}`;
      const found = await withDuckdb(async (connection) => (await connection.runAndReadAll(sql)).getRowsJS());
      expect(found).toEqual(rows.map((row) => Object.values(row)));
    }
    expect(text('a.csv').split('\n')[0]).toBe('user,rank,item,title,score,by_popularity');
  });

  it('keeps to what is excluded, what is allowed and what was taken', async () => {
    const flags = ['--exclude', 'f5,f6', '--only', 'f5,f7,f8,f17', '--include-seen'];
    expect(await many('--users', 'all', '--out', 'some.jsonl', ...flags)).toMatchObject({ code: 0 });
    const items = new Set(rowsOf('some.jsonl').map(({ item }) => item));
    expect([...items].sort()).toEqual(['f17', 'f7', 'f8']);
  });
});

describe('a file of users', () => {
  const forms: [string, string, string][] = [
    ['one id a line', 'users.txt', 'u3\nu1\n\nu2\n'],
    ['one id a line, of Windows, quoted', 'users-windows.txt', '\ufeff"u3"\r\nu1\r\nu2'],
    ['a table with the column of the training', 'users.csv', 'age,user\n3,u3\n4,u1\n5,u2\n'],
    ['a column under another name', 'users-other.csv', 'user_id;age\nu3;3\nu1;4\nu2;5\n'],
    ['JSON lines', 'users.jsonl', '{"user":"u3"}\n{"user":"u1"}\n{"user":"u2"}\n'],
    ['ids that repeat', 'users-twice.txt', 'u3\nu1\nu3\nu2\nu1\n'],
  ];
  it.each(forms)('may be %s', async (_, name, content) => {
    place.write(name, content);
    expect(await many('--users', name, '--out', 'few.jsonl', '-k', '2')).toMatchObject({ code: 0 });
    expect(rowsOf('few.jsonl')).toEqual(await expectedRows(['u3', 'u1', 'u2'], 2));
  });

  it('tells before the work who is unknown, and prints one document', async () => {
    place.write('partly.txt', 'u1\nnobody\nu2\nneither\n');
    const { code, stdout, stderr } = await many('--users', 'partly.txt', '--out', 'partly.csv', '-k', '3', '--json');
    expect(code).toBe(0);
    expect(stderr).toMatch(/partly\.txt: 2 of 4 users are unknown and left out: "nobody", "neither"/);
    expect(stderr.indexOf('unknown')).toBeLessThan(stderr.indexOf('recommending'));
    const document = summary.parse(JSON.parse(stdout));
    expect(document).toMatchObject({ run: 'runs/films', model: 'item-knn', path: 'partly.csv', users: 2, rows: 6 });
    expect(document.skipped).toEqual([
      { reason: 'is unknown to the training data', n: 2, users: ['nobody', 'neither'] },
    ]);
  });
});

describe('wrong usage', () => {
  const cases: [string, string[], number, RegExp][] = [
    ['--users alone', ['--users', 'all'], 2, /--users and --out belong together, found --users alone/],
    ['--out alone', ['--user', 'u1', '--out', 'x.csv'], 2, /--users and --out belong together, found --out alone/],
    ['one person too', ['--users', 'all', '--out', 'x.csv', '--user', 'u1'], 2, /found --users and --user/],
    ['another format', ['--users', 'all', '--out', 'x.xlsx'], 2, /must end in \.csv, \.jsonl, \.parquet/],
    ['no format', ['--users', 'all', '--out', 'x'], 2, /must end in/],
    ['a missing folder', ['--users', 'all', '--out', 'none/x.csv'], 2, /must stand in a folder that is there/],
    ['a folder', ['--users', 'all', '--out', 'folder.csv'], 2, /found a folder/],
    ['a missing file', ['--users', 'none.txt', '--out', 'x.csv'], 1, /reading none\.txt: no such file/],
    [
      'nobody known',
      ['--users', 'strangers.txt', '--out', 'x.csv'],
      1,
      /found only unknown "a", "b"; ids look like "u/,
    ],
    ['an empty file', ['--users', 'empty.txt', '--out', 'x.csv'], 1, /on each line, found none/],
    [
      'no user column',
      ['--users', 'films.jsonl', '--out', 'x.csv'],
      2,
      /must have a column "user".*found the columns film/,
    ],
    ['only unknown items', ['--users', 'all', '--out', 'x.csv', '--only', 'no'], 1, /"only" must name an item/],
  ];
  it.each(cases)('is told and writes nothing: %s', async (_, args, expected, message) => {
    mkdirSync(place.path('folder.csv'), { recursive: true });
    place.write('strangers.txt', 'a\nb\n');
    place.write('empty.txt', '\n');
    place.write('films.jsonl', '{"film":"f1"}\n{"film":"f2"}\n');
    const before = place.names();
    const { code, stderr } = await many(...args);
    expect(stderr).toMatch(message);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('error')),
    ).toHaveLength(1);
    expect(code).toBe(expected);
    expect(place.names()).toEqual(before);
  });
});

describe('a file that is there', () => {
  it('is replaced by the new one, through a link too', async () => {
    writeFileSync(place.path('former.csv'), 'former');
    symlinkSync(place.path('former.csv'), place.path('link.csv'));
    expect(await many('--users', 'all', '--out', 'link.csv', '-k', '1')).toMatchObject({ code: 0 });
    expect(text('former.csv')).toMatch(/^user,rank/);
  });

  it.skipIf(process.platform === 'win32').each(['csv', 'jsonl', 'parquet'])(
    'stays when the disk is full: %s',
    async (format) => {
      const out = `full.${format}`;
      writeFileSync(place.path(out), 'former');
      // no file may be larger than a block of the shell: what a full disk is to the writer
      const { status, stderr } = spawnSync(
        'bash',
        ['-c', `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`, process.execPath, mainFile].concat([
          'recommend',
          'runs/films',
          '--users',
          'all',
          '--out',
          out,
          '-k',
          '20',
          '--quiet',
        ]),
        { cwd: place.folder, encoding: 'utf8', env: { ...process.env, NODE_COMPILE_CACHE: '' } },
      );
      expect(stderr).toMatch(new RegExp(`^error: writing ${out}: .*\\n$`));
      expect(status).toBe(1);
      expect(text(out)).toBe('former');
      expect(place.names().filter((name) => name.includes('.tmp-'))).toEqual([]);
    },
  );
});

describe('work that is stopped', () => {
  /** A recommender with so many users that the work takes a while. */
  beforeAll(async () => {
    place.write('many.csv', filmsCsv(40_000, 6));
    const train = ['train', '--data', 'many.csv', '--split', 'none', '--model', 'popularity', '--out', 'runs/many'];
    expect(await place.run(train)).toMatchObject({ code: 0 });
  }, 120_000);

  const temporaries = () => place.names().filter((name) => name.startsWith('stopped.csv.tmp-'));
  const begin = () => place.start(['recommend', 'runs/many', '--users', 'all', '--out', 'stopped.csv', '-k', '20']);

  it.skipIf(process.platform === 'win32')('leaves the former file, and nothing beside it after Ctrl-C', async () => {
    writeFileSync(place.path('stopped.csv'), 'former');
    const { child, outcome } = begin();
    await until(() => temporaries().length > 0);
    child.kill('SIGINT');
    const { code, stderr } = await outcome;
    expect(stderr).toMatch(/stopped; stopped\.csv is as it was/);
    expect(code).toBe(130);
    expect(text('stopped.csv')).toBe('former');
    expect(temporaries()).toEqual([]);
  });

  it('leaves the former file after a kill, and the next one removes the rest', async () => {
    writeFileSync(place.path('stopped.csv'), 'former');
    const { child, outcome } = begin();
    await until(() => temporaries().length > 0);
    child.kill('SIGKILL');
    await outcome;
    expect(text('stopped.csv')).toBe('former');
    expect(existsSync(place.path('stopped.csv'))).toBe(true);
    expect(await many('--users', 'all', '--out', 'stopped.csv', '-k', '1')).toMatchObject({ code: 0 });
    expect(temporaries()).toEqual([]);
  });
});
