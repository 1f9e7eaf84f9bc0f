/** `similar`, `predict` and `export` from the command line. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withDuckdb } from '../../src/artifact/parquet-writer.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { clicksCsv, itemsCsv, ratingsCsv, usersCsv } from '../recommender/made-clicks.ts';
import { filmsCsv, mainFile, type Outcome, workplace } from './command-line.ts';

const place = workplace();
const text = (name: string) => readFileSync(place.path(name), 'utf8');
const small = ['--set', 'factors=4', '--set', 'training.batchSize=64', '--epochs', '3', '--quiet'];
const parquet = (name: string, columns = '*') =>
  withDuckdb(async (connection) => {
    const sql = `SELECT ${columns} FROM read_parquet('${place.path(name)}')`;
    return (await connection.runAndReadAll(sql)).getRowObjectsJS();
  });

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  place.write('clicks.csv', clicksCsv());
  place.write('items.csv', itemsCsv());
  place.write('users.csv', usersCsv());
  place.write('ratings.csv', ratingsCsv());
  const fields = ['--items', 'items.csv', '--users', 'users.csv', '--split', 'ratio'];
  for (const args of [
    ['--data', 'films.csv', '--model', 'mf', '--split', 'leave-one-out', ...small, '--out', 'runs/mf'],
    ['--data', 'films.csv', '--model', 'popularity', '--split', 'leave-one-out', '--out', 'runs/popularity'],
    ['--data', 'clicks.csv', ...fields, '--model', 'fm', ...small, '--out', 'runs/clicks'],
    ['--data', 'ratings.csv', '--model', 'fm', '--split', 'ratio', ...small, '--out', 'runs/ratings'],
  ]) {
    const { code, stderr } = await place.run(['train', ...args]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
}, 240_000);

function documentOf({ code, stdout, stderr }: Outcome): unknown {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

describe('similar', () => {
  it('shows items with titles and what likeness means', async () => {
    const { code, stdout } = await place.run(['similar', 'runs/mf', '--item', 'f5', '-k', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Like Film № 5 \(f5\)\n/);
    expect(stdout.match(/Film № \d+ /g)).toHaveLength(4);
    expect(stdout).toMatch(/\nby the cosine of the item vectors\n$/);
  });

  it('prints one document', async () => {
    const found = documentOf(await place.run(['similar', 'runs/mf', '--item', 'a,b', '-k', '2', '--json']));
    const listed = z.strictObject({ rank: z.int(), item: z.string(), title: z.string(), score: z.number() });
    const document = z
      .strictObject({
        run: z.literal('runs/mf'),
        model: z.literal('mf'),
        item: z.literal('a,b'),
        title: z.literal('Film № 0'),
        how: z.string(),
        similar: z.array(listed).length(2),
      })
      .parse(found);
    expect(document.similar.map(({ rank }) => rank)).toEqual([1, 2]);
  });

  it.each([
    ['no item', ['similar', 'runs/mf'], 2, /must be asked about an item or a user, found neither/],
    ['an unknown one', ['similar', 'runs/mf', '--item', 'x'], 1, /no item "x" was in the training data; ids look like/],
    ['a model without likeness', ['similar', 'runs/popularity', '--item', 'f5'], 2, /Popularity has neither vectors/],
    ['k of 0', ['similar', 'runs/mf', '--item', 'f5', '-k', '0'], 2, /whole number from 1/],
  ])('refuses %s', async (_, args, expected, message) => {
    const { code, stdout, stderr } = await place.run(args);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('predict', () => {
  const predict = (...args: string[]) => place.run(['predict', 'runs/clicks', '--data', 'clicks.csv', ...args]);

  it('adds the prediction of each row to the columns of the file, in every format', async () => {
    for (const format of ['csv', 'jsonl', 'parquet'])
      expect(await predict('--out', `predicted.${format}`)).toMatchObject({ code: 0 });
    const lines = text('predicted.csv').trim().split('\n');
    const given = text('clicks.csv').trim().split('\n');
    expect(lines[0]).toBe(`${given[0]},prediction`);
    expect(lines.map((line) => line.slice(0, line.lastIndexOf(',')))).toEqual(given);
    const rows = text('predicted.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(await parquet('predicted.parquet')).toEqual(rows);
    expect(rows[0]).toMatchObject({ user: expect.any(String), hour: expect.any(Number), label: expect.any(Number) });
    expect(rows.map(({ prediction }) => String(prediction))).toEqual(
      lines.slice(1).map((line) => line.slice(line.lastIndexOf(',') + 1)),
    );
    const recommender = await Recommender.load(place.path('runs/clicks'), { threads: 1, blas: 'off' });
    const expected = recommender.predict(rows.map(({ prediction, ...row }) => row)).map(({ value }) => value);
    recommender.close();
    expect(rows.map(({ prediction }) => prediction)).toEqual(expected);
  });

  it('predicts ratings, and keeps ids, lists and missing cells as they are written', async () => {
    place.write(
      'odd.csv',
      'user,item,genre,note,when\nu1,i2,Comedy|War,,2024-01-05\n007,"a,b",,x,2024-02-06\nu2,i3,War,"a ""b""",\n',
    );
    const args = ['predict', 'runs/ratings', '--data', 'odd.csv', '--out'];
    expect(await place.run([...args, 'odd-out.csv'])).toMatchObject({ code: 0 });
    const lines = text('odd-out.csv').trim().split('\n');
    expect(lines.map((line) => line.slice(0, line.lastIndexOf(',')))).toEqual(text('odd.csv').trim().split('\n'));
    for (const line of lines.slice(1)) {
      const rating = Number(line.slice(line.lastIndexOf(',') + 1));
      expect(rating).toBeGreaterThanOrEqual(1);
      expect(rating).toBeLessThanOrEqual(5);
    }
    expect(await place.run([...args, 'odd-out.parquet'])).toMatchObject({ code: 0 });
    const [first, second] = await parquet('odd-out.parquet');
    expect(first).toMatchObject({ user: 'u1', note: null, when: '2024-01-05' });
    expect(second).toMatchObject({ user: '007', item: 'a,b', genre: null });
  });

  it('without a place shows the first rows', async () => {
    const { code, stdout } = await predict();
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toMatch(/^user +item +device +hour +price +label +prediction$/);
    expect(lines).toHaveLength(14);
    expect(lines[13]).toBe('890 rows more; --out FILE.csv writes them all');
    const found = documentOf(await predict('--json')) as { rows: object[]; nRows: number };
    expect(found).toMatchObject({ run: 'runs/clicks', model: 'fm', task: 'click', nRows: 900 });
    expect(found.rows).toHaveLength(10);
  });

  it('prints one document of what was written', async () => {
    const found = documentOf(await predict('--out', 'told.csv', '--json'));
    expect(found).toEqual({
      run: 'runs/clicks',
      model: 'fm',
      task: 'click',
      data: 'clicks.csv',
      path: 'told.csv',
      rows: 900,
      meanPrediction: expect.any(Number),
      rowsOfUnknown: 0,
      seconds: expect.any(Number),
      rowsPerSecond: expect.any(Number),
    });
  });

  it('counts rows of users and items that training did not have', async () => {
    const [header, ...rows] = text('clicks.csv').trim().split('\n');
    const other = (row: string) => row.replace(/^[^,]+,[^,]+/, 'somebody,something');
    const some = rows.slice(0, 40).map((row, k) => (k % 4 === 0 ? other(row) : row));
    place.write('unknown.csv', `${[header, ...some].join('\n')}\n`);
    const { stdout } = await place.run([
      'predict',
      'runs/clicks',
      '--data',
      'unknown.csv',
      '--out',
      'unknown-told.csv',
    ]);
    expect(stdout).toMatch(/10 of 40 rows have a user or an item that training did not have/);
  });

  it.each([
    [
      'a model of users and items',
      ['predict', 'runs/mf', '--data', 'films.csv'],
      2,
      /needs a model over feature fields/,
    ],
    ['a file that is not there', ['predict', 'runs/clicks', '--data', 'none.csv'], 1, /none\.csv/],
    ['no file', ['predict', 'runs/clicks'], 2, /--data <file>' not specified/],
    [
      'other columns',
      ['predict', 'runs/clicks', '--data', 'foreign.csv'],
      2,
      /must have some of the columns .*found a, b/,
    ],
    ['a column that is added', ['predict', 'runs/clicks', '--data', 'again.csv'], 2, /no column "prediction"/],
    ['another format', ['predict', 'runs/clicks', '--data', 'clicks.csv', '--out', 'x.txt'], 2, /must end in \.csv/],
    [
      'a missing folder',
      ['predict', 'runs/clicks', '--data', 'clicks.csv', '--out', 'no/x.csv'],
      2,
      /folder that is there/,
    ],
  ])('refuses %s', async (_, args, expected, message) => {
    place.write('foreign.csv', 'a,b\n1,2\n3,4\n');
    place.write('again.csv', 'user,item,prediction\nu1,i1,0.5\nu2,i1,0.4\n');
    const before = place.names();
    const { code, stdout, stderr } = await place.run(args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(place.names()).toEqual(before);
  });

  it.skipIf(process.platform === 'win32')('leaves the former file where the disk is full', () => {
    writeFileSync(place.path('full.csv'), 'former');
    const args = ['predict', 'runs/clicks', '--data', 'clicks.csv', '--out', 'full.csv', '--quiet'];
    const limited = `trap '' XFSZ; ulimit -f 1; exec "$0" "$@"`;
    const { status, stderr } = spawnSync('bash', ['-c', limited, process.execPath, mainFile, ...args], {
      cwd: place.folder,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^error: writing full\.csv: .*\n$/),
    });
    expect(text('full.csv')).toBe('former');
    expect(place.names().filter((name) => name.includes('.tmp-'))).toEqual([]);
  });
});

describe('export', () => {
  it('writes the vectors of items and of users', async () => {
    const items = ['export', 'runs/mf', '--embeddings', 'items.parquet', '--json'];
    expect(documentOf(await place.run(items))).toEqual({
      run: 'runs/mf',
      model: 'mf',
      path: 'items.parquet',
      of: 'item',
      rows: 24,
      width: 6, // 4 factors, the bias, and a one for the bias of the user
    });
    const recommender = await Recommender.load(place.path('runs/mf'), { threads: 1, blas: 'off' });
    const { ids, values, width } = recommender.embeddings('item');
    recommender.close();
    const rows = await parquet('items.parquet');
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(rows[0]).toMatchObject({ title: expect.stringMatching(/^Film № /) });
    rows.forEach((row, n) => {
      const vector = Array.from({ length: width }, (_, d) => row[`d${d}`]);
      expect(vector).toEqual([...values.subarray(n * width, (n + 1) * width)]);
    });
    const users = await place.run(['export', 'runs/mf', '--embeddings', 'people.csv', '--users']);
    expect(users).toMatchObject({ code: 0, stdout: 'people.csv: 30 vectors of users, 6 numbers each\n' });
    expect(text('people.csv').trim().split('\n')).toHaveLength(31);
  });

  it.each([
    ['nothing to write', ['export', 'runs/mf'], 2, /needs a file to write/],
    [
      'a model without vectors',
      ['export', 'runs/popularity', '--embeddings', 'x.csv'],
      2,
      /Popularity has no vectors of items/,
    ],
    ['another format', ['export', 'runs/mf', '--embeddings', 'x.npy'], 2, /must end in/],
  ])('refuses %s', async (_, args, expected, message) => {
    const { code, stderr } = await place.run(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
  });
});
