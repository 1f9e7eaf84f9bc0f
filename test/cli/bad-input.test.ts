/** What is wrong gets one clear line, the right exit code, and leaves nothing behind. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { filmsCsv, workplace } from './command-line.ts';

const place = workplace();
const gmf = ['--model', 'gmf', '--epochs', '1', '--out', 'out'];

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  place.write('empty.csv', '');
  place.write('header.csv', 'user,item\n');
  place.write('ragged.csv', 'user,item\na,b\na,c,d,e\nb\n');
  place.write('text.csv', 'user,item,rating\na,x,5\na,y,4\nb,x,n/a\nb,y,3\n');
  place.write('other.csv', 'wer,ware\na,x\nb,y\n');
  place.write('one-user.csv', 'user,item\na,x\n');
  place.write('unknown-key.yaml', 'data: { files: [films.csv] }\nmodel: gmf\ntrainin: { epochs: 1 }\n');
  place.write('broken.yaml', 'data: [\n');
  const { code, stderr } = await place.run([
    'train',
    '--data',
    'films.csv',
    '--model',
    'gmf',
    '--epochs',
    '1',
    '--out',
    'good',
  ]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const name of ['truncated', 'altered', 'newer'])
    cpSync(place.path('good'), place.path(name), { recursive: true });
  truncateSync(place.path('truncated/weights.safetensors'), 200);
  const manifest = readFileSync(place.path('good/manifest.json'), 'utf8');
  writeFileSync(place.path('altered/manifest.json'), manifest.replace('"seed": 1', '"seed": 2'));
  writeFileSync(place.path('newer/manifest.json'), manifest.replace('"formatVersion": 1', '"formatVersion": 999'));
  place.write('foreign/notes.txt', 'not an artifact');
});

const data = (file: string) => ['train', '--data', file, ...gmf];
const films = (...rest: string[]) => ['train', '--data', 'films.csv', '--out', 'out', ...rest];

it('data that have moved since a run was trained', async () => {
  place.write('moved.csv', filmsCsv());
  const args = ['train', '--data', 'moved.csv', '--model', 'popularity', '--no-final', '--out', 'moved'];
  expect((await place.run(args)).code).toBe(0);
  rmSync(place.path('moved.csv'));
  const { code, stderr } = await place.run(['evaluate', 'moved', '--metrics', 'mrr']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /evaluate moved: the data of the run must be where they were: moved\.csv.*say with --data where they are now/,
  );
  place.write('elsewhere.csv', filmsCsv());
  const genres = Array.from({ length: 24 }, (_, n) => `f${n},${n % 2 === 0 ? 'red' : 'blue'}`);
  place.write('moved-items.csv', `item,genre\n${genres.join('\n')}\n`);
  const withItems = await place.run([
    ...args.slice(0, 2),
    'elsewhere.csv',
    ...args.slice(3),
    ...['--items', 'moved-items.csv'],
  ]);
  expect(withItems).toMatchObject({ code: 0 });
  rmSync(place.path('moved-items.csv'));
  const other = await place.run(['evaluate', 'moved', '--data', 'elsewhere.csv']);
  expect(other.stderr).toMatch(/moved-items\.csv: there is no such file.*say with --items, --users or --social where/);
  const given = await place.run(['evaluate', 'moved', '--data', 'gone.csv']);
  expect(given.stderr).toMatch(/^error: gone\.csv: there is no such file/);
});

describe('bad input', () => {
  it.each([
    ['no experiment', ['run', ''], 2, /run: <experiment> must be the path of a YAML file, found an empty text/],
    [
      'no place for results',
      films('--model', 'gmf', '--out', ''),
      2,
      /--out <folder>.* It must be the path of a folder/,
    ],
    ['no run', ['evaluate', ''], 2, /argument 'run'.* It must be the path of a folder/],
    ['no run among several', ['compare', 'a', ''], 2, /argument 'runs'.* It must be the path of a folder/],
    [
      'a rule of retraining without retraining',
      ['serve', 'run', '--margin', '0.2'],
      2,
      /--margin is about retraining, which --retrain-every/,
    ],
    ['a port of nothing that is served', ['demo', '--port', '8081'], 2, /--port: must stand with --serve/],
    ['no data', data(''), 2, /"data\.files\.0": must be the path of a file, found ""/],
    ['--finish with half a command', films('--finish'), 2, /--finish: must have the whole command .*found no --model/],
    ['missing file', data('nowhere.csv'), 1, /nowhere\.csv/],
    ['empty file', data('empty.csv'), 1, /empty\.csv/],
    ['header only', data('header.csv'), 1, /header\.csv/],
    ['ragged rows', data('ragged.csv'), 1, /ragged\.csv line 3/],
    ['text where a number belongs', data('text.csv'), 1, /text\.csv row 3.*"n\/a".*--skip-bad-rows/],
    ['columns that cannot be told', data('other.csv'), 2, /--user COLUMN --item COLUMN.*wer/],
    ['a column that is not there', [...data('films.csv'), '--item', 'itm'], 2, /"itm".*did you mean "item"/],
    ['one user with one item', data('one-user.csv'), 1, /./],
    ['unknown model', films('--model', 'neumff'), 2, /did you mean "neumf"/],
    ['unknown option of a model', films('--model', 'gmf', '--set', 'factor=3'), 2, /did you mean "factors"/],
    [
      'training setting without its section',
      films('--model', 'gmf', '--set', 'batchSize=3'),
      2,
      /"training\.batchSize"/,
    ],
    ['misspelt training setting', films('--model', 'gmf', '--set', 'training.batchsise=3'), 2, /"batchSize"/],
    [
      'epochs of a model without',
      films('--model', 'ease', '--epochs', '3'),
      2,
      /--epochs: must be said of a model that is trained by epochs/,
    ],
    ['impossible size', films('--model', 'gmf', '--set', 'factors=1000000000'), 2, /factors/],
    ['negative learning rate', films('--model', 'gmf', '--set', 'optimizer.learningRate=-1'), 2, /learningRate/],
    ['unknown metric', films('--model', 'gmf', '--metrics', 'ndgc@10'), 2, /did you mean "ndcg"/],
    ['no key=value', films('--model', 'gmf', '--set', 'factors'), 2, /key=value/],
    ['seed out of range', films('--model', 'gmf', '--seed', '-1'), 2, /whole number from 0/],
    ['no threads', films('--model', 'gmf', '--threads', '0'), 2, /whole number from 1 to 256/],
    ['unknown split', films('--model', 'gmf', '--split', 'leave-one-aut'), 2, /leave-one-out/],
    ['share without a split', films('--model', 'gmf', '--test', '0.2'), 2, /--split/],
    ['an unknown flag', films('--model', 'gmf', '--epoch', '3'), 2, /--epochs/],
    ['film-club beside files', ['train', '--data', 'film-club', 'films.csv', ...gmf], 2, /stands alone/],
    [
      'a foreign folder as output',
      ['train', '--data', 'films.csv', '--model', 'gmf', '--out', 'foreign'],
      2,
      /foreign/,
    ],
    ['no data', ['train', '--model', 'gmf'], 2, /--data/],
    ['unknown command', ['trane'], 2, /train/],
    ['unknown YAML key', ['run', 'unknown-key.yaml', '--out', 'out'], 2, /"trainin".*did you mean "training"/],
    ['broken YAML', ['run', 'broken.yaml', '--out', 'out'], 2, /broken\.yaml/],
    ['missing experiment', ['run', 'nowhere.yaml'], 1, /nowhere\.yaml/],
    ['missing artifact', ['recommend', 'nowhere', '--user', 'u1'], 1, /nowhere/],
    ['truncated artifact', ['recommend', 'truncated', '--user', 'u1'], 1, /weights\.safetensors/],
    ['altered artifact', ['recommend', 'altered', '--user', 'u1'], 1, /altered/],
    ['newer artifact', ['recommend', 'newer', '--user', 'u1'], 1, /999.*newer version/],
    ['a folder that is none', ['recommend', 'foreign', '--user', 'u1'], 1, /manifest\.json/],
    ['unknown user', ['recommend', 'good', '--user', 'nobody'], 1, /"nobody"/],
    ['unknown history', ['recommend', 'good', '--history', 'x,y'], 1, /"x", "y"/],
    ['nobody to recommend to', ['recommend', 'good'], 2, /--user/],
    ['both', ['recommend', 'good', '--user', 'u1', '--history', 'f7'], 2, /--user/],
    ['-k 0', ['recommend', 'good', '--user', 'u1', '-k', '0'], 2, /at least|from 1/],
    ['compare nothing', ['compare'], 2, /RUN/],
    ['compare one model twice', ['compare', '--data', 'films.csv', '--models', 'gmf,gmf'], 2, /twice/],
    [
      'an option that no model has',
      ['compare', '--data', 'films.csv', '--models', 'gmf,ease', '--set', 'factor=3'],
      2,
      /did you mean "factors"/,
    ],
    ['data without files', ['data'], 2, /files/],
    ['unknown public set', ['data', 'get', 'ml-1mm'], 2, /did you mean "ml-1m"/],
  ] as const)('%s', async (_, args, code, line) => {
    const before = place.names();
    const outcome = await place.run([...args, '--quiet']);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(outcome.stderr).toMatch(line);
    expect(place.names()).toEqual(before);
  });

  it.skipIf(process.platform === 'win32')(
    'pipes and devices, which are neither waited for nor read without end',
    async () => {
      execFileSync('mkfifo', [place.path('pipe')]);
      for (const [path, found] of [
        ['pipe', 'a pipe'],
        ['/dev/zero', 'a device'],
      ])
        for (const args of [['data', path], ['run', path], data(path), [...data('films.csv'), '--items', path]]) {
          const { code, stdout, stderr } = await place.run([...args, '--quiet']);
          expect([args, code, stdout]).toEqual([args, 1, '']);
          expect(stderr).toMatch(new RegExp(`^error: ${path}: must be a file, found ${found}; [^\n]+\n$`));
        }
    },
  );

  it('shows a stack with --debug only', async () => {
    expect((await place.run(['models', 'x', '--debug'])).stderr).toMatch(/^error: .*\nDeepTasteError: .*\n {4}at /);
  });

  it('counts and reports bad rows when they may be skipped', async () => {
    const { code, stdout, stderr } = await place.run(['data', 'text.csv', '--skip-bad-rows', '--json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { nInteractions, warnings } = JSON.parse(stdout);
    expect(nInteractions).toBe(3);
    expect(warnings.join()).toMatch(/1/);
  });

  it('keeps a good artifact when a new one cannot be made', async () => {
    const before = readFileSync(place.path('good/weights.safetensors'));
    const outcome = await place.run(['train', '--data', 'ragged.csv', '--model', 'gmf', '--out', 'good']);
    expect(outcome.code).toBe(1);
    expect(readFileSync(place.path('good/weights.safetensors')).equals(before)).toBe(true);
    expect(readdirSync(place.folder).filter((name) => name.includes('partial') || name.includes('tmp'))).toEqual([]);
  });
});

describe('usage', () => {
  it('prints help without arguments and on --help, the version on --version', async () => {
    const bare = await place.run([]);
    const help = await place.run(['--help']);
    expect(bare).toEqual(help);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/Usage: deeptaste/);
    expect((await place.run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await place.run(['data', 'get', '--help'])).stdout).toMatch(/--registry/);
  });

  it('ends quietly when the reader of its output goes away', async () => {
    const { child, outcome } = place.start(['models', 'neumf']);
    child.stdout?.destroy();
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
  });
});
