/** One command line for models of every kind: what ranks the same split stands in one table, and flags say whose they are. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { workplace } from './command-line.ts';

const place = workplace();
const files = ['--data', 'taken.csv', '--items', 'items.csv'];

beforeAll(() => {
  // everybody takes items of one of two clubs, in an order of the own
  const random = new RandomStream(4, 'clubs');
  const rows = Array.from({ length: 40 }, (_, user) => user).flatMap((user) => {
    const places = random.shuffle(Array.from({ length: 12 }, (_, place) => place)).slice(0, 8);
    return places.map((place, n) => `u${user},i${(user % 2) + 2 * place},${1e9 + 1000 * n + user}`);
  });
  place.write('taken.csv', `user,item,time\n${rows.join('\n')}\n`);
  const items = Array.from({ length: 24 }, (_, item) => `i${item},${item % 2 === 0 ? 'red' : 'blue'}`);
  place.write('items.csv', `item,club\n${items.join('\n')}\n`);
});

describe('compare', () => {
  it('puts models of users and items, over fields and of sequences into one table, paired by users', async () => {
    const models = ['popularity', 'ease', 'vsknn', 'fm', 'mf'];
    const { code, stdout, stderr } = await place.run([
      'compare',
      ...files,
      ...['--models', models.join(), '--split', 'leave-one-out', '--epochs', '4', '--metric', 'ndcg@10', '--json'],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { comparison, models: spreads, protocol } = JSON.parse(stdout);
    expect(spreads.map(({ model }: { model: string }) => model)).toEqual(models);
    expect(protocol).toMatchObject({ candidates: 'all', filter: 'train+validation', nUsers: 40, part: 'test' });
    const ndcg = Object.fromEntries(
      spreads.map(({ model, metrics }: { model: string; metrics: Record<string, { mean: number }> }) => [
        model,
        metrics['ndcg@10'].mean,
      ]),
    );
    // popularity knows no clubs
    expect(ndcg.vsknn).toBeGreaterThan(ndcg.popularity);
    expect(ndcg.ease).toBeGreaterThan(ndcg.popularity);
    expect(comparison.rows.slice(1).every((row: { difference: unknown }) => row.difference !== null)).toBe(true);
  });

  it('feeds models of sequences the rows of users in the order of their times, validation rows too', async () => {
    // what everybody takes next is the item after the last one, wherever the rows stand in the file
    const random = new RandomStream(5, 'rows');
    const rows = Array.from({ length: 60 }, (_, user) => user).flatMap((user) =>
      Array.from({ length: 8 }, (_, n) => `u${user},i${(user + n) % 20},${1e9 + 100 * n}`),
    );
    place.write('chain.csv', `user,item,time\n${random.shuffle(rows).join('\n')}\n`);
    for (const validation of ['time', 'none']) {
      const { code, stdout } = await place.run([
        ...['compare', '--data', 'chain.csv', '--models', 'popularity,markov', '--split', 'leave-one-out'],
        ...['--by', 'time', '--metrics', 'hr@1', '--set', `split.validation=${validation}`, '--json'],
      ]);
      expect(code).toBe(0);
      const [popularity, markov] = JSON.parse(stdout).models;
      expect(markov.metrics['hr@1'].mean).toBe(1);
      expect(popularity.metrics['hr@1'].mean).toBeLessThan(0.2);
    }
  });

  it('ranks for users with training rows alone where a model of users stands beside one over fields', async () => {
    const rows = Array.from({ length: 60 }, (_, user) => user).flatMap((user) =>
      Array.from({ length: user < 30 ? 8 : 1 }, (_, n) => `u${user},i${(user + 5 * n) % 24},${1e9 + 100 * n + user}`),
    );
    place.write('rare.csv', `user,item,time\n${rows.join('\n')}\n`);
    const { code, stdout, stderr } = await place.run([
      ...[
        'compare',
        '--data',
        'rare.csv',
        '--models',
        'fm,popularity,vsknn',
        '--split',
        'ratio',
        '--set',
        'split.of=all',
      ],
      ...['--epochs', '1', '--metrics', 'ndcg@10,auc'],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^model +ndcg@10 ± +auc ± +seconds\n/);
    expect(stdout).toMatch(/users without training rows: left out/);
    expect(stdout).toMatch(/vsknn: goes on from a user's rows in their order, validation rows included/);
  });

  it.each([
    [['--set', 'mf.factors=3'], /--set mf\.factors: "mf" is not among --models, found popularity, ease/],
    [['--task', 'click'], /"task" must be one of auto, ranking, rating, found "click"/],
  ])('refuses what is about no model of the table: %j', async (flags, message) => {
    const { code, stderr } = await place.run(['compare', ...files, '--models', 'popularity,ease', ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('takes the task that its models have in common, and refuses what is for training beside saved runs', async () => {
    const beside = ['--models', 'popularity,fm', '--task', 'ranking', '--epochs', '1', '--json'];
    expect(await place.run(['compare', ...files, ...beside])).toMatchObject({ code: 0 });
    const { code, stderr } = await place.run(['compare', 'runs/a', 'runs/b', '--epochs', '3']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/saved runs are compared by the numbers that they hold, found --epochs/);
  });

  it('measures refitted models on the users of the others', async () => {
    // some users of two rows have none in the training part, but one in the validation part, which a refit trains on
    const rows = Array.from({ length: 150 }, (_, user) => user).flatMap((user) =>
      Array.from({ length: user < 50 ? 8 : 2 }, (_, n) => `u${user},i${(user + 5 * n) % 24},${1e9 + 100 * n + user}`),
    );
    place.write('refit.csv', `user,item,time\n${rows.join('\n')}\n`);
    const { code, stdout, stderr } = await place.run([
      ...['compare', '--data', 'refit.csv', '--models', 'popularity,gru4rec,fm', '--refit', '--epochs', '1'],
      ...['--split', 'ratio', '--set', 'split.of=all', '--metrics', 'hr@10', '--json'],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout).protocol.untrained).toMatchObject({ nUsers: 1, users: 'left out' });
  });

  it('compares models of sequences alone by their next items', async () => {
    const { code, stdout } = await place.run(['compare', '--data', 'taken.csv', '--models', 'markov,vsknn', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).protocol.nextItem).toBeDefined();
  });
});

describe('--eval-users', () => {
  it('draws the same users for every model that ranks', async () => {
    const args = ['--split', 'leave-one-out', '--epochs', '1', '--eval-users', '9', '--json'];
    const run = async (models: string) =>
      JSON.parse((await place.run(['compare', ...files, '--models', models, ...args])).stdout);
    const { protocol, comparison } = await run('popularity,fm,vsknn');
    expect(protocol).toMatchObject({ nUsers: 9, drawnUsers: { of: 40 } });
    expect(comparison.rows).toHaveLength(3);
  });

  it('is about rankings: rows are predicted all', async () => {
    const labelled = Array.from({ length: 60 }, (_, n) => `u${n % 7},i${n % 11},${(n * 5) % 3 === 0 ? 1 : 0}`);
    place.write('labelled.csv', `user,item,label\n${labelled.join('\n')}\n`);
    const args = ['train', '--data', 'labelled.csv', '--model', 'fm', '--eval-users', '3'];
    const { code, stderr } = await place.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/"users" is about rankings, and the task is click/);
  });
});

describe('flags of other models are told as such', () => {
  it.each([
    [
      'deepfm',
      ['--sequences', 'user'],
      /--sequences: is for models of sequences, and deepfm is one of the models over feature fields/,
    ],
    ['ease', ['--sequences', 'user'], /and ease is one of the models of users and items/],
    ['ease', ['--task', 'click'], /"task" must be one of auto, ranking, rating, found "click"/],
    [
      'fm',
      ['--set', 'sequences.by=user'],
      /"sequences" is for models of sequences, and fm is one of the models over feature fields/,
    ],
  ])('%s %j', async (model, flags, message) => {
    const { code, stderr } = await place.run(['train', ...files, '--model', model, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('settings have one name for all models', () => {
  it.each(['gmf', 'fm', 'gru4rec', 'sasrec', 'caser', 'reinforce'])('optimizer.learningRate of %s', async (model) => {
    const set = ['--set', 'optimizer.learningRate=0.02', '--set', 'training.minGain=0.001', '--epochs', '1'];
    const { code, stderr } = await place.run(['train', ...files, '--model', model, ...set, '--out', `rate-${model}`]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { training } = JSON.parse(readFileSync(place.path(`rate-${model}`, 'manifest.json'), 'utf8'));
    expect(training).toMatchObject({ minGain: 0.001, optimizer: { learningRate: 0.02 } });
  });

  it('and their place is told where they stand beside it', async () => {
    place.write('beside.yaml', 'model: gmf\ndata: { files: [taken.csv] }\noptimizer: { learningRate: 0.02 }\n');
    const { code, stderr } = await place.run(['run', 'beside.yaml']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/beside\.yaml: "optimizer" must stand under "training"/);
  });

  it('and former names are refused with the new one', async () => {
    const set = ['--set', 'training.learningRate=0.1'];
    const { code, stderr } = await place.run(['train', ...files, '--model', 'gru4rec', ...set]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/"learningRate" is now called optimizer\.learningRate/);
  });

  it('former options of a model are refused with what to write', async () => {
    const set = ['--set', 'layers=[8,4]'];
    const train = await place.run(['train', ...files, '--model', 'mlp', ...set]);
    expect(train.code).toBe(2);
    expect(train.stderr).toContain('"layers" is now called "factors" and "hidden"; write factors=4, hidden=[4]');
    const compare = await place.run(['compare', ...files, '--models', 'popularity,mlp', ...set]);
    expect(compare.stderr).toContain('"layers" is now called "factors" and "hidden"; write factors=4, hidden=[4]');
  });

  it('listed candidates are refused where the split lists none', async () => {
    const { code, stderr } = await place.run(['train', ...files, '--model', 'ease', '--candidates', 'listed']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /candidates: the split "time" must list candidates for "listed", found none.*--sample-candidates/,
    );
  });

  it('a graph model whose vectors have no finite products is refused', async () => {
    const rate = ['--epochs', '1', '--set', 'optimizer.learningRate=1e30', '--set', 'layers=1'];
    const { code, stderr } = await place.run(['train', ...files, '--model', 'lightgcn', ...rate, '--out', 'lost']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/must have finite products|not finite/);
    const whole = await place.run([
      ...['train', ...files, '--model', 'lightgcn', ...rate, '--split', 'none', '--out', 'lost'],
    ]);
    expect(whole.code).toBe(1);
    expect(whole.stderr).toMatch(/must have finite products|not finite/);
    expect(place.names()).not.toContain('lost');
  });

  it('a training that nothing stops is told before it begins, unless its epochs are given', async () => {
    const args = ['train', ...files, '--model', 'mf', '--split', 'none', '--set', 'training.batchSize=4096'];
    const note = /note: there is no validation part, so that nothing stops training before its \d+ epochs \(--epochs N/;
    expect((await place.run([...args, '--out', 'told'])).stderr).toMatch(note);
    expect((await place.run([...args, '--epochs', '2', '--out', 'told'])).stderr).not.toMatch(note);
  });

  it('flags with one value are given once, and a BLAS that is named can be used', async () => {
    const args = ['train', ...files, '--model', 'mf', '--epochs', '1', '--quiet', '--out', 'refused'];
    const twice = await place.run([...args, '--seed', '1', '--seed', '2']);
    expect(twice).toMatchObject({ code: 2 });
    expect(twice.stderr).toContain('--seed: must be given once, found --seed 1 and --seed 2');
    expect((await place.run([...args, '--set', 'factors=4', '--set', 'factors=5', '--seed', '1'])).code).toBe(0);
    const blas = await place.run([...args, '--blas', 'nope']);
    expect(blas).toMatchObject({ code: 2 });
    expect(blas.stderr).toMatch(/--blas: .*nope.*; name another library, or leave the flag out/s);
  });

  it('epochs of a training are told apart from those of what was trained before it', async () => {
    const stages = ['--set', 'pretrainEpochs=3', '--epochs', '2', '--split', 'none', '--out', 'stages'];
    const { stdout } = await place.run(['train', ...files, '--model', 'irgan', ...stages]);
    expect(stdout).toContain('(2 epochs after 3 of pre-training, kept epoch 2)');
  });

  it('ratings are shown by their error, not by what is compared', async () => {
    const rated = readFileSync(place.path('taken.csv'), 'utf8').split('\n').slice(1, -1);
    place.write('rated.csv', `user,item,time,rating\n${rated.map((row, n) => `${row},${1 + (n % 5)}`).join('\n')}\n`);
    const { stderr } = await place.run(['train', '--data', 'rated.csv', '--model', 'biased-mf', '--out', 'rated']);
    expect(stderr).toMatch(/kept epoch \d+ \(validation rmse \d\.\d{4}\)/);
  });
});
