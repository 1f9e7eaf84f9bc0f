/** `train --from RUN --data FILE` from the command line. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until, workplace } from './command-line.ts';

const place = workplace();
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
/** Everybody takes items of one half of them, one after the other. */
function rowsCsv(people: readonly number[], items: number, perUser: number, at: number): string {
  const lines = people.flatMap((u) =>
    numbers(0, perUser).map(
      (n) =>
        `u${u},i${(u % 2) + 2 * ((u * 3 + n * 7 + at) % (items / 2))},${1_600_000_000 + at * 100_000 + n * 1000 + u}`,
    ),
  );
  return `user,item,time\n${[...new Set(lines)].join('\n')}\n`;
}
const train = (...args: string[]) => place.run(['train', ...args]);
const knownAndNew = z.strictObject({ known: z.int(), new: z.int() });
const document = z.looseObject({
  model: z.string(),
  out: z.string(),
  epochs: z.int(),
  continued: z.strictObject({
    users: knownAndNew.nullable(),
    items: knownAndNew,
    rows: z.int(),
    repeated: z.int().nullable(),
  }),
});

beforeAll(async () => {
  place.write('old.csv', rowsCsv(numbers(0, 20), 20, 6, 0));
  place.write('new.csv', rowsCsv(numbers(10, 26), 30, 5, 1));
  const mf = ['--set', 'factors=4', '--set', 'training.batchSize=64', '--epochs', '3'];
  for (const args of [
    ['--model', 'mf', ...mf, '--split', 'leave-one-out', '--k-core', '2', '--out', 'runs/mf'],
    ['--model', 'ease', '--split', 'none', '--out', 'runs/ease'],
    [
      '--model',
      'gru4rec',
      '--sequences',
      'user',
      '--set',
      'hidden=[8]',
      '--epochs',
      '2',
      '--min-support',
      '2',
      '--out',
      'runs/gru4rec',
    ],
  ]) {
    const { code, stderr } = await train('--data', 'old.csv', ...args, '--quiet');
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
}, 240_000);

describe('train --from', () => {
  it('goes on with new rows by the settings of the run, says what is known and new, and saves', async () => {
    const { code, stdout, stderr } = await train(
      '--from',
      'runs/mf',
      '--data',
      'new.csv',
      '--out',
      'runs/mf-2',
      '--json',
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/note: the k-core of the saved run is not asked of the new rows; --k-core says otherwise/);
    expect(stderr).toMatch(/going on with 80 rows.*: 10 known and 6 new users, 20 known and 10 new items/);
    const { continued, epochs, model } = document.parse(JSON.parse(stdout));
    expect({ model, users: continued.users, items: continued.items, rows: continued.rows }).toEqual({
      model: 'mf',
      users: { known: 10, new: 6 },
      items: { known: 20, new: 10 },
      rows: 80,
    });
    expect(epochs).toBeLessThanOrEqual(3);
    const settings = JSON.parse(readFileSync(place.path('runs/mf-2/settings.json'), 'utf8')) as object;
    expect(settings).toMatchObject({
      model: 'mf',
      config: { factors: 4 },
      training: { epochs: 3, batchSize: 64 },
      split: { method: 'leave-one-out' },
    });
    for (const user of ['u2', 'u12', 'u24'])
      expect(await place.run(['recommend', 'runs/mf-2', '--user', user])).toMatchObject({ code: 0 });
  });

  it('says it in the report, takes --epochs and --set, and gives the same bytes on any number of threads', async () => {
    const go = (out: string, threads: string) =>
      train(
        '--from',
        'runs/mf',
        '--data',
        'new.csv',
        '--epochs',
        '1',
        '--set',
        'optimizer.learningRate=0.003',
        '--split',
        'none',
        '--threads',
        threads,
        '--out',
        out,
      );
    const { code, stdout } = await go('runs/one', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\ngoing on with 80 rows.*: 10 known and 6 new users, 20 known and 10 new items\n/);
    await go('runs/two', '2');
    const weights = (out: string) => readFileSync(place.path(out, 'weights.safetensors'));
    expect(weights('runs/two').equals(weights('runs/one'))).toBe(true);
    // may take the place of the run itself
    expect(await train('--from', 'runs/two', '--data', 'new.csv', '--out', 'runs/two')).toMatchObject({ code: 0 });
  });

  it('fits anew what has no epochs, and goes on with histories', async () => {
    const ease = document.parse(
      JSON.parse((await train('--from', 'runs/ease', '--data', 'new.csv', '--out', 'runs/ease-2', '--json')).stdout),
    );
    expect(ease).toMatchObject({ epochs: 0, continued: { rows: 80 } });
    const { code, stdout, stderr } = await train(
      '--from',
      'runs/gru4rec',
      '--data',
      'new.csv',
      '--out',
      'runs/gru4rec-2',
      '--json',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/note: short sequences and rare items are not dropped of the new rows/);
    expect(document.parse(JSON.parse(stdout)).continued).toMatchObject({
      users: { known: 10, new: 6 },
      repeated: null,
    });
    const { stdout: list } = await place.run(['recommend', 'runs/gru4rec-2', '--user', 'u12']);
    expect(list).toMatch(/GRU4Rec continues the 11 known items/);
  });

  it('is measured when it is trained, and not again', async () => {
    expect(await train('--from', 'runs/mf', '--data', 'new.csv', '--no-final', '--out', 'runs/measured')).toMatchObject(
      { code: 0 },
    );
    const { code, stderr } = await place.run(['evaluate', 'runs/measured']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /evaluate runs\/measured: must be a run that was trained from the beginning, found one that went on/,
    );
  });

  it.each([
    [
      'no data',
      ['--from', 'runs/mf'],
      2,
      /train --from runs\/mf: must be given the new rows, found none; say --data FILE/,
    ],
    [
      'another model',
      ['--from', 'runs/mf', '--data', 'new.csv', '--model', 'gmf'],
      2,
      /must be that of the saved run, "mf", found --model gmf/,
    ],
    [
      'other factors',
      ['--from', 'runs/mf', '--data', 'new.csv', '--set', 'factors=8'],
      2,
      /the shapes of the model, "P" is \[26, 8\], found \[20, 4\] \(factors was 4 and is 8 now\)/,
    ],
    [
      'epochs of what has none',
      ['--from', 'runs/ease', '--data', 'new.csv', '--epochs', '2'],
      2,
      /--epochs: .* EASE, fitted at once/,
    ],
    [
      'no run',
      ['--from', 'runs/none', '--data', 'new.csv'],
      1,
      /runs\/none: must be a saved artifact, found nothing there/,
    ],
    [
      'another kind of sequences',
      ['--from', 'runs/gru4rec', '--data', 'new.csv', '--gap', '60', '--split', 'none'],
      2,
      /learned from histories of users, found sessions; say --sequences user/,
    ],
  ])('refuses %s', async (_, args, expected, message) => {
    const { code, stdout, stderr } = await train(...args, '--out', 'refused');
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(message);
    expect(place.names()).not.toContain('refused');
  });
});

describe('train --from of a run that is replaced', () => {
  it('finishes a checkpoint and takes it away, for nothing could go on from it', async () => {
    const first = await train(
      '--data',
      'old.csv',
      '--model',
      'mf',
      '--epochs',
      '1',
      '--split',
      'none',
      '--out',
      'same',
    );
    expect(first).toMatchObject({ code: 0 });
    const before = readFileSync(place.path('same/weights.safetensors'));
    const args = ['--from', 'same', '--data', 'new.csv', '--epochs', '100000', '--out', 'same'];
    const { child, outcome } = place.start(['train', ...args, '--checkpoint-seconds', '0']);
    await until(() => existsSync(place.path('same.partial', 'checkpoint.safetensors')));
    child.kill('SIGKILL');
    await outcome;
    expect(readFileSync(place.path('same/weights.safetensors')).equals(before)).toBe(true);
    const { code, stderr } = await train(...args, '--finish');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/same\.partial is removed: the run that its training went on from has been replaced/);
    expect(readFileSync(place.path('same/weights.safetensors')).equals(before)).toBe(false);
    expect(place.names()).not.toContain('same.partial');
  });
});

describe('train --from of models over fields', () => {
  const clicks = (n: number, at: number, age: (row: number) => string, clicked: (u: number, i: number) => number) => {
    const rows = numbers(0, n).map((row) => {
      const [u, i] = [(row * 7 + at) % 20, (row * 3 + at) % 15];
      return `u${u},i${i},${age(row)},${clicked(u, i)}`;
    });
    return `user,item,age,clicked\n${rows.join('\n')}\n`;
  };
  const byParity = (u: number, i: number) => ((u + i) % 3 === 0 ? 1 : 0);
  const age = (row: number) => String(20 + ((row * 13) % 50));
  const split = ['--split', 'ratio', '--test', '0.2'];

  beforeAll(async () => {
    place.write('clicks.csv', clicks(300, 0, age, byParity));
    place.write(
      'words.csv',
      clicks(80, 1, (row) => (row % 2 ? 'young' : 'old'), byParity),
    );
    place.write(
      'ones.csv',
      clicks(80, 2, age, () => 1),
    );
    const fm = ['--data', 'clicks.csv', '--model', 'fm', '--epochs', '1', ...split, '--out', 'fm'];
    expect(await train(...fm)).toMatchObject({ code: 0 });
  }, 120_000);

  it('refuses words where the run had numbers', async () => {
    const { code, stderr } = await train('--from', 'fm', '--data', 'words.csv', '--out', 'refused');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /column "age" must hold numbers, as in the saved run, found "old", "young"; mend the column/,
    );
  });

  it('goes on with clicks of one kind', async () => {
    const { code, stderr } = await train('--from', 'fm', '--data', 'ones.csv', '--out', 'fm-2', '--json');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/task click/);
  });

  it('refuses the simulated data', async () => {
    const { code, stderr } = await train('--from', 'fm', '--data', 'film-club', '--out', 'refused');
    expect(code).toBe(2);
    expect(stderr).toMatch(/goes on with new rows of files, found the simulated film-club/);
  });
});
