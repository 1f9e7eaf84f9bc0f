/** Flags and settings that do not concern a model, or name no column, are told as they were written. */
import { beforeAll, describe, expect, it } from 'vitest';
import { filmsCsv, workplace } from './command-line.ts';

const place = workplace();
const compare = ['compare', '--data', 'films.csv', '--split', 'leave-one-out'];

beforeAll(() => {
  place.write('films.csv', filmsCsv());
  place.write('odd.csv', 'when,thing,amount\n2020-01-01,a,3\n2020-01-02,b,4\n2020-01-03,c,5\n');
  place.write('clicks.csv', 'device,hour,label\ntv,3,1\nphone,4,0\ntv,5,0\nphone,6,1\n');
});

it('going on with a model that is fitted at once begins anew, which is told', async () => {
  const train = ['train', '--data', 'films.csv', '--model', 'popularity', '--out', 'popular'];
  const { code, stderr } = await place.run([...train, '--resume']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(
    /--resume: "popularity" is fitted at once and keeps no checkpoint; starting from the beginning/,
  );
});

describe('wrong usage ends with exit code 2', () => {
  const cases: [string, string[], RegExp][] = [
    [
      'epochs of a model without',
      ['train', '--data', 'films.csv', '--model', 'ease', '--epochs', '2'],
      /error: --epochs: must be said of a model that is trained by epochs, found --epochs 2 and EASE, fitted at once; leave it out/,
    ],
    [
      'epochs of models without',
      [...compare, '--models', 'ease,popularity', '--epochs', '2'],
      /error: --epochs: .* found --epochs 2 and EASE, Popularity, fitted at once/,
    ],
    [
      'a key of a compared model',
      [...compare, '--models', 'markov,mf', '--set', 'mf.x=3'],
      /error: --set mf\.x: there is no such setting/,
    ],
    [
      'a key close to one',
      [...compare, '--models', 'markov,mf', '--set', 'mf.factor=3'],
      /error: --set mf\.factor: there is no such setting; did you mean "factors"\?/,
    ],
    [
      'the form of compare',
      ['train', '--data', 'films.csv', '--model', 'mf', '--set', 'mf.factors=8'],
      /error: --set mf\.factors: must be a setting without the name of a model, which belongs to compare, found "mf"; say factors=…/,
    ],
    [
      'columns that nothing tells',
      ['train', '--data', 'odd.csv', '--model', 'ease'],
      /cannot tell which column holds the user and the item; say --user COLUMN --item COLUMN/,
    ],
    [
      'a column that is not there',
      ['train', '--data', 'odd.csv', '--model', 'ease', '--user', 'whom', '--item', 'thing'],
      /there is no column "whom" for user/,
    ],
    [
      'rows without users',
      ['train', '--data', 'clicks.csv', '--no-user', '--no-item', '--model', 'ease', '--split', 'none'],
      /needs rows that name both.* say --user COLUMN --item COLUMN/,
    ],
    [
      'a size of uploads without uploads',
      ['serve', 'nowhere', '--max-upload', '1000'],
      /serve: --max-upload is about tables that are uploaded, which --runs FOLDER allows, found it alone/,
    ],
    [
      'threads of a bench that are none',
      ['bench', 'machine', '--threads', 'x'],
      /--threads.* whole number from 1 to 256/,
    ],
    [
      'rows of a bench that has none',
      ['bench', 'scale', '--rows', '5000'],
      /bench scale: has no use for --rows, found it; leave it out/,
    ],
  ];
  it.each(cases)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await place.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

it('compare notes which models epochs do not concern, and takes keys by the name of a model', async () => {
  const args = [
    ...compare,
    '--models',
    'ease,mf',
    '--epochs',
    '2',
    '--set',
    'mf.factors=4',
    '--set',
    'ease.regularization=20',
  ];
  const { code, stderr } = await place.run(args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(/note: --epochs does not concern ease: fitted at once/);
});
