/** The recommenders that are served under load: trained shortly, since how good they are is not the question. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { RandomStream } from '../../src/core/random.ts';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Factors of the made-up items, as in DESIGN's limit: 10⁶ × 64. */
const MANY_ITEMS = 1_000_000;

export const runNames = ['film-club', 'mf', 'neumf', 'gru4rec', 'deepfm', 'million'] as const;
export type RunName = (typeof runNames)[number];

export const runTitles: Readonly<Record<RunName, string>> = {
  'film-club': 'EASE, film club',
  mf: 'MF (64 factors), ML-1M',
  neumf: 'NeuMF (64 + 64 factors), ML-1M',
  gru4rec: 'GRU4Rec (100 units), ML-1M',
  deepfm: 'DeepFM, ML-1M with fields',
  million: 'MF (64 factors), 10⁶ items',
};

/**
 * Trains what is not in the folder yet.
 * @param data folder of the public data sets
 */
export function prepareRuns(folder: string, data: string): void {
  const films = ['--data', 'ratings.csv', '--items', 'films.csv', '--split', 'none'];
  const how: Readonly<Record<RunName, readonly string[]>> = {
    'film-club': ['--data', 'film-club', '--model', 'ease'],
    mf: [...films, '--model', 'mf', '--epochs', '2', '--set', 'factors=64'],
    neumf: [...films, '--model', 'neumf', '--epochs', '1', '--set', 'factors=64', '--set', 'mlpFactors=64'],
    gru4rec: [...films, '--model', 'gru4rec', '--sequences', 'user', '--epochs', '1', '--set', 'hidden=[100]'],
    deepfm: [
      ...[...films, '--users', 'people.csv', '--no-time', '--model', 'deepfm', '--task', 'ranking', '--epochs', '1'],
      ...['--set', 'training.negatives=1', '--set', 'training.batchSize=8192'],
    ],
    million: ['--data', 'million.csv', '--model', 'mf', '--epochs', '1', '--split', 'none', '--set', 'factors=64'],
  };
  if (!existsSync(join(folder, 'ratings.csv'))) writeFilms(folder, data);
  if (!existsSync(join(folder, 'million.csv'))) writeMillion(join(folder, 'million.csv'));
  for (const name of runNames) {
    if (existsSync(join(folder, name, 'manifest.json'))) continue;
    console.error(`training ${runTitles[name]}`);
    const args = [main, 'train', ...how[name], '--out', name, '--quiet'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`training ${name} ended with code ${status}: ${stderr}`);
  }
}

/** MovieLens-1M as tables with names, its rows in the order of time. */
function writeFilms(folder: string, data: string): void {
  const lines = (file: string, encoding: BufferEncoding = 'utf8'): string[] =>
    gunzipSync(readFileSync(join(data, 'ml-1m', file)))
      .toString(encoding)
      .trim()
      .split('\n');
  const write = (file: string, rows: readonly string[]): void =>
    writeFileSync(join(folder, file), `${rows.join('\n')}\n`);
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const ratings = lines('sequences.txt.gz').flatMap((line) => {
    const [user, ...items] = line.split(' ');
    return items.map((item, place) => `${user},${item},${place + 1}`);
  });
  const films = lines('movies.dat.gz', 'latin1').map((line) => {
    const [id, title, genres] = line.split('::');
    return [id, quoted(title), /\((\d{4})\)$/.exec(title)?.[1] ?? '', quoted(genres)].join(',');
  });
  const people = lines('users.dat.gz', 'latin1').map((line) => {
    const [id, gender, age, occupation] = line.split('::');
    return `${id},${gender},${age},job ${occupation}`;
  });
  write('films.csv', ['item_id,title,year,genres', ...films]);
  write('people.csv', ['user_id,gender,age,occupation', ...people]);
  write('ratings.csv', ['user_id,item_id,time', ...ratings]);
}

/** Everybody took 50 of a million items, each of which somebody took. */
function writeMillion(path: string): void {
  const random = new RandomStream(1, 'million items');
  const items = random.shuffle(Array.from({ length: MANY_ITEMS }, (_, item) => item));
  const rows = Array.from(items, (item, place) => `u${Math.floor(place / 50)},i${item}`);
  writeFileSync(path, `user_id,item_id\n${rows.join('\n')}\n`);
}
