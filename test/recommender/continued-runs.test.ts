/** Training that goes on from a saved recommender: what it keeps, what is new, and what it must equal. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { loadSequenceSplit } from '../../src/data/sequences/load.ts';
import { holdOutNothing } from '../../src/data/sequences/make-split.ts';
import { rowOf } from '../../src/data/sparse-rows.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { findModel } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { trainFieldRecommender, trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { parseRunSettings, type RunInput } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { type MadeRow, madeDataset, testRandom } from '../data/made-data.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { thrownCode } from '../models/thrown-code.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const { folder, write } = temporaryFolder();

/** Distinct pairs of users and items of these numbers; times ascend. */
function madeRows(users: readonly number[], items: number, perUser: number, seed: number, from: number): MadeRow[] {
  const draw = testRandom(seed);
  return users.flatMap((user) => {
    const taken = new Set<number>();
    while (taken.size < perUser) taken.add(draw(items));
    return [...taken].map((item, n): MadeRow => [`u${user}`, `i${item}`, from + n]);
  });
}
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const old = madeRows(numbers(0, 20), 15, 6, 1, 1000);
/** Users 10 … 19 are known, 20 … 24 new; items 15 … 19 are new. */
const added = madeRows(numbers(10, 25), 20, 4, 2, 2000);
const idsOf = (rows: readonly MadeRow[], column: 0 | 1) => [...new Set(rows.map((row) => row[column]))];
const users = [...new Set([...idsOf(old, 0), ...idsOf(added, 0)])];
const items = [...new Set([...idsOf(old, 1), ...idsOf(added, 1)])];

const still = { optimizer: { name: 'sgd', learningRate: 1e-9 }, epochs: 1, batchSize: 16 } as const;
const some = { epochs: 3, batchSize: 16, patience: 0 };

interface PairRun {
  readonly model: string;
  readonly rows: readonly MadeRow[];
  readonly from?: Recommender;
  readonly input?: Partial<RunInput>;
  readonly engine?: Engine;
}

function trainPairs({ model, rows, from, input = {}, engine: own = engine }: PairRun) {
  const split = splitDataset(madeDataset(rows), input.split ?? { method: 'none' });
  const { split: _, ...more } = input;
  const settings = parseRunSettings({ data: { files: ['none'] }, model, ...more });
  return trainRecommender({ engine: own, split, settings, from });
}

const tensor = ({ parts }: Recommender, name: string) => parts.weights.get(name)!;
const vector = (recommender: Recommender, name: string, row: number) => {
  const { shape, data } = tensor(recommender, name);
  const width = data.length / shape[0];
  return Array.from(data.subarray(row * width, (row + 1) * width) as Float32Array);
};
const lists = async (recommender: Recommender) => {
  const found = [];
  for await (const { user, recommendations } of recommender.recommendAll({ k: 5 }))
    found.push([user, recommendations.map(({ item, score }) => [item, score.toFixed(4)])]);
  return found;
};

describe.each(['mf', 'bpr-mf', 'gmf', 'mlp', 'neumf'])('going on with %s', (model) => {
  const config = { mf: { factors: 4 }, 'bpr-mf': { factors: 4 }, gmf: { factors: 4 } }[model] ?? {
    hidden: [4],
    ...(model === 'neumf' ? { mlpFactors: 4 } : { factors: 4 }),
  };
  const first = () => trainPairs({ model, rows: old, input: { config, training: some } });

  it('starts from the saved rows, and from the initialiser for new ones', async () => {
    const { recommender: from } = await first();
    const { recommender, continuation } = await trainPairs({ model, rows: added, from, input: { training: still } });
    expect(continuation).toEqual({
      users: { known: 10, new: 5 },
      items: {
        known: idsOf(added, 1).filter((id) => idsOf(old, 1).includes(id)).length,
        new: items.length - idsOf(old, 1).length,
      },
      rows: added.length,
      repeated: added.filter(([u, i]) => old.some(([v, j]) => u === v && i === j)).length,
    });
    expect(recommender.parts.users.ids).toEqual(users);
    expect(recommender.parts.items.ids).toEqual(items);
    for (const [name, { shape }] of from.parts.weights) {
      const isTable = shape[0] === 20 || shape[0] === idsOf(old, 1).length;
      for (let row = 0; row < shape[0]; row++)
        vector(recommender, name, row).forEach((value, d) => {
          expect(value).toBeCloseTo(vector(from, name, row)[d], 6);
        });
      if (!isTable || shape.length < 2 || shape[1] < 2) continue;
      const isUsers = shape[0] === 20;
      expect(tensor(recommender, name).shape[0]).toBe(isUsers ? users.length : items.length);
      for (let row = shape[0]; row < tensor(recommender, name).shape[0]; row++) {
        expect(vector(recommender, name, row).some((value) => value !== 0)).toBe(true);
        expect(vector(recommender, name, row)).not.toEqual(vector(recommender, name, 0));
      }
    }
  });

  it('keeps what was taken, of all users, out of lists, and names it', async () => {
    const { recommender: from } = await first();
    const { recommender } = await trainPairs({ model, rows: added, from, input: { training: some } });
    for (const user of ['u0', 'u12', 'u22']) {
      const taken = [...old, ...added].filter(([each]) => each === user).map(([, item]) => item);
      const seen = rowOf(recommender.parts.seen, users.indexOf(user));
      expect(Array.from(seen, (item) => items[item]).sort()).toEqual([...new Set(taken)].sort());
      const list = recommender.recommend({ user }, { k: 100 }).recommendations.map(({ item }) => item);
      expect([...list, ...new Set(taken)].sort()).toEqual([...items].sort());
    }
    expect(recommender.parts.info).toMatchObject({
      from: { hash: 'made', nInteractions: old.length },
      data: { nInteractions: old.length + added.length },
    });
  });

  it('gives the same bytes on any number of threads, and is saved and loaded', async () => {
    const { recommender: from } = await first();
    const other = new Engine({ threads: 2, blas: 'off' });
    const run = (own: Engine) =>
      trainPairs({
        model,
        rows: added,
        from,
        engine: own,
        input: { training: some, split: { method: 'leave-one-out' } },
      });
    const [one, two] = [await run(engine), await run(other)];
    expect(two.recommender.parts.weights).toEqual(one.recommender.parts.weights);
    expect(two.result?.metrics).toEqual(one.result?.metrics);
    const path = join(folder, model);
    await one.recommender.save(path, one.result);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    expect(await lists(loaded)).toEqual(await lists(one.recommender));
    // and goes on once more
    const third = await trainPairs({
      model,
      rows: madeRows([30], 15, 3, 5, 3000),
      from: loaded,
      input: { training: still },
    });
    expect(third.continuation).toMatchObject({ users: { known: 0, new: 1 }, items: { new: 0 } });
    const name = [...loaded.parts.weights.keys()].find((each) => each.endsWith('P')) as string;
    vector(third.recommender, name, 3).forEach((value, d) => {
      expect(value).toBeCloseTo(vector(loaded, name, 3)[d], 6);
    });
    loaded.close();
    other.close();
  });

  it('refuses another model and other shapes', async () => {
    const { recommender: from } = await first();
    const ask = (input: Partial<RunInput>, name = model) => trainPairs({ model: name, rows: added, from, input });
    const other = model === 'gmf' ? 'mf' : 'gmf';
    expect(await thrownCode(() => ask({}, other))).toBe('config');
    await expect(ask({}, other)).rejects.toThrow(
      `from: the model must be that of the saved run, "${model}", found "${other}"`,
    );
    const changed = model === 'neumf' ? { mlpFactors: 8 } : { factors: 8 };
    await expect(ask({ config: changed })).rejects.toThrow(
      /from: the weights of the saved run must have the shapes .* was .* and is .* now/,
    );
    expect(await thrownCode(() => trainPairs({ model, rows: added, from: {} as never }))).toBe('usage');
  });
});

it('settings of the saved run stand until others are given', async () => {
  const input = {
    config: { factors: 4 },
    training: { ...some, negatives: 2, optimizer: { name: 'adagrad', learningRate: 0.02 } },
  } as const;
  const { recommender: from } = await trainPairs({ model: 'mf', rows: old, input });
  const { recommender } = await trainPairs({
    model: 'mf',
    rows: added,
    from,
    input: { training: { epochs: 2, optimizer: { learningRate: 0.01 } } },
  });
  expect(recommender.parts.info.model.config).toEqual(from.parts.info.model.config);
  expect(recommender.parts.info.training).toMatchObject({
    negatives: 2,
    batchSize: 16,
    optimizer: { name: 'adagrad', learningRate: 0.01 },
  });
});

it('what somebody took before is never drawn as not taken', async () => {
  // everybody took i0 before, nobody i9; then all take i1
  const before = numbers(0, 8).flatMap((u): MadeRow[] => [
    [`u${u}`, 'i0'],
    [`u${u}`, `i${2 + (u % 4)}`],
  ]);
  const then = numbers(0, 8).map((u): MadeRow => [`u${u}`, 'i1']);
  const rows: MadeRow[] = [...before, ['x', 'i1'], ['x', 'i9']];
  const { recommender: from } = await trainPairs({
    model: 'mf',
    rows,
    input: { config: { factors: 4 }, training: some },
  });
  const { recommender } = await trainPairs({
    model: 'mf',
    rows: then,
    from,
    input: { training: { ...some, epochs: 30, rejectTaken: true } },
  });
  const at = (id: string) => recommender.parts.items.indexOf(id)!;
  expect(vector(recommender, 'Q', at('i0'))).toEqual(vector(from, 'Q', at('i0')));
  expect(vector(recommender, 'Q', at('i9'))).not.toEqual(vector(from, 'Q', at('i9')));
});

describe('what is fitted at once equals a training on all rows', () => {
  it.each(['popularity', 'item-knn', 'ease', 'ials'])('%s', async (model) => {
    const { recommender: from } = await trainPairs({ model, rows: old });
    const { recommender } = await trainPairs({ model, rows: added, from });
    const { recommender: whole } = await trainPairs({ model, rows: [...old, ...added] });
    expect(recommender.parts.users.ids).toEqual(whole.parts.users.ids);
    expect(await lists(recommender)).toEqual(await lists(whole));
  });

  it('markov, of histories', async () => {
    const split = (rows: readonly MadeRow[]) => holdOutNothing(sequencesOf(madeDataset(rows), { by: 'user' }));
    const run = (rows: readonly MadeRow[], from?: Recommender) =>
      trainSequenceRecommender({ engine, split: split(rows), model: 'markov', from });
    const { recommender: from } = await run(old);
    const { recommender, continuation } = await run(added, from);
    const { recommender: whole } = await run([...old, ...added]);
    expect(continuation).toMatchObject({ users: { known: 10, new: 5 }, rows: added.length, repeated: null });
    expect(await lists(recommender)).toEqual(await lists(whole));
    expect(recommender.parts.weights.get('itemCounts')).toEqual(whole.parts.weights.get('itemCounts'));
  });

  it('but a model that weighs pairs by ratings is refused', async () => {
    const { recommender: from } = await trainPairs({ model: 'ials', rows: old });
    const ask = () => trainPairs({ model: 'ials', rows: added, from, input: { config: { confidence: 1 } } });
    await expect(ask()).rejects.toThrow(/from: ials weighs pairs by their ratings or counts/);
  });
});

describe.each(['gru4rec', 'sasrec', 'caser', 'reinforce'])('sequences: %s', (model) => {
  const negatives = model === 'reinforce' ? {} : { negatives: 3 };
  const config =
    model === 'gru4rec' ? { hidden: [8], sharedNegatives: 5 } : { factors: 8, maxLength: 10, ...negatives };
  const byUser = (rows: readonly MadeRow[]) => leaveLastOut(sequencesOf(madeDataset(rows), { by: 'user' }));
  const train = (rows: readonly MadeRow[], training: object, from?: Recommender) =>
    trainSequenceRecommender({ engine, split: byUser(rows), model, config, training, from });

  it('go on with the histories that are kept, from the saved rows', async () => {
    const { recommender: from } = await train(old, { epochs: 2, batchSize: 4, patience: 0 });
    const { recommender, result } = await train(added, { epochs: 1, optimizer: { learningRate: 1e-9 } }, from);
    expect(recommender.parts.users.ids).toEqual(users);
    const known = from.parts.items.ids;
    expect(recommender.parts.items.ids.slice(0, known.length)).toEqual(known);
    for (const [name, { shape, data }] of from.parts.weights) {
      if (name === 'itemCounts') continue;
      expect(tensor(recommender, name).shape.slice(1)).toEqual(shape.slice(1));
      (data as Float32Array).forEach((value, k) => {
        expect((tensor(recommender, name).data as Float32Array)[k], `${name} ${k}`).toBeCloseTo(value, 5);
      });
    }
    const history = rowOf(recommender.parts.seen, users.indexOf('u12'));
    expect(Array.from(history, (item) => recommender.parts.items.idOf(item))).toEqual(
      [...old, ...added].filter(([user]) => user === 'u12').map(([, item]) => item),
    );
    expect(result?.metrics['mrr@20'].mean).toBeGreaterThan(0);
    const ids = (rows: readonly MadeRow[]) => rows.filter(([user]) => user === 'u12').map(([, item]) => item);
    const scoresOf = (request: { user: string } | { history: string[] }) =>
      new Map(recommender.recommend(request).recommendations.map(({ item, score }) => [item, score]));
    const [asUser, byHistory] = [scoresOf({ user: 'u12' }), scoresOf({ history: ids([...old, ...added]) })];
    // Caser knows of a user more than the last events
    if (model === 'caser') expect(asUser).not.toEqual(byHistory);
    else expect(asUser).toEqual(byHistory);
  });

  it('of sessions that are nobody’s', async () => {
    const sessions = (n: number, at: number) =>
      write(
        `${model}-${n}.csv`,
        `session,item,time\n${numbers(0, 60)
          .map((k) => `s${n}-${k % 12},i${(k * n) % 9},${at + k}`)
          .join('\n')}\n`,
      );
    const load = (n: number) =>
      loadSequenceSplit(
        { data: { files: [sessions(n, n * 1000)] }, sequences: { by: 'session' } },
        { method: 'given', test: sessions(n + 50, n * 1000 + 500) },
      );
    const first = await trainSequenceRecommender({
      engine,
      split: await load(1),
      model,
      config,
      training: { epochs: 1 },
    });
    const next = await trainSequenceRecommender({ engine, split: await load(4), model, from: first.recommender });
    expect(next.continuation).toMatchObject({ users: null, rows: expect.any(Number) });
    expect(next.recommender.recommend({ history: ['i1'] }).recommendations.length).toBeGreaterThan(3);
    await expect(
      trainSequenceRecommender({ engine, split: byUser(added), model, from: first.recommender }),
    ).rejects.toThrow(/from: the saved run learned from sessions that are nobody's, found histories of users/);
    const markov = await trainSequenceRecommender({ engine, split: await load(1), model: 'markov' });
    await expect(
      trainSequenceRecommender({ engine, split: await load(4), model: 'markov', from: markov.recommender }),
    ).rejects.toThrow(/needs all sequences/);
  });
});

describe('rows of fields', () => {
  const clicks = (name: string, seed: number, people: readonly number[], devices: readonly string[]) => {
    const draw = testRandom(seed);
    const lines = people.flatMap((u) =>
      numbers(0, 12).map(
        (n) => `u${u},i${draw(people.length)},${devices[draw(devices.length)]},${draw(24)},${(u + n) % 2}`,
      ),
    );
    return write(name, `user,item,device,hour,clicked\n${lines.join('\n')}\n`);
  };
  const first = () => clicks('first.csv', 1, numbers(0, 10), ['tv', 'phone', 'rare']);
  const next = () => clicks('next.csv', 2, numbers(5, 15), ['tv', 'pad', 'pad', '']);
  const features = {
    crosses: [{ fields: ['device', 'hour'] }],
    fields: { device: { encode: 'category', minCount: 2 }, hour: { encode: 'buckets', nBuckets: 4 } },
  } as const;

  async function train(file: string, model: string, more: object, from?: Recommender) {
    const withCrosses = model === 'wide-deep' ? { features } : {};
    const config = model === 'fm' ? { factors: 4 } : { factors: 4, hidden: [8] };
    const settings = parseFieldRunSettings({
      data: { files: [file] },
      split: { method: 'none' },
      model,
      config,
      ...withCrosses,
      ...more,
    });
    return trainFieldRecommender({ engine, data: await prepareFieldData(settings), settings, from });
  }

  it.each(['fm', 'deepfm', 'wide-deep', 'dcn-v2'])(
    'keep what their values mean, and get new categories: %s',
    async (model) => {
      const { recommender: from } = await train(first(), model, { training: { epochs: 2, batchSize: 32 } });
      const { recommender, continuation } = await train(
        next(),
        model,
        { training: { epochs: 1, optimizer: { learningRate: 1e-9 }, embeddingL2: 0 } },
        from,
      );
      expect(continuation).toMatchObject({ users: { known: 5, new: 5 }, rows: 120 });
      const [before, now] = [from.parts.fields!.encoder, recommender.parts.fields!.encoder];
      const names = (encoder: typeof now) => numbers(0, encoder.layout.nRows).map((row) => encoder.fieldValueName(row));
      expect(names(now)).toEqual(expect.arrayContaining(names(before)));
      expect(names(now)).toEqual(expect.arrayContaining(['device = pad', 'user = u14']));
      const crossNames = (encoder: typeof now) =>
        numbers(0, encoder.layout.nCrossRows).map((row) => encoder.crossValueName(row));
      expect(crossNames(now)).toEqual(crossNames(before));
      for (const [name, { shape }] of from.parts.weights) {
        // statistics of batches move in any case, and the wide part has an optimizer with a rate of its own
        if (/mean|variance/.test(name) || (model === 'wide-deep' && shape[1] === 1)) continue;
        const isTable = shape[0] === before.layout.nRows && tensor(recommender, name).shape[0] === now.layout.nRows;
        for (let row = 0; row < shape[0]; row++) {
          const place = isTable ? names(now).indexOf(names(before)[row]) : row;
          vector(recommender, name, place).forEach((value, d) => {
            expect(value, `${name} ${row}`).toBeCloseTo(vector(from, name, row)[d], 4);
          });
        }
      }
      const row = { user: 'u3', item: 'i2', device: 'tv', hour: 7 };
      if (['fm', 'dcn-v2'].includes(model))
        expect(recommender.predict([row])[0].output).toBeCloseTo(from.predict([row])[0].output, 3);
      expect(recommender.predict([{ ...row, device: 'pad' }])[0].notes).toEqual([]);
    },
  );

  it('rank, and leave out what was taken before', async () => {
    const more = { task: 'ranking', data: { files: [first()], minRating: 1 }, training: { epochs: 1 } };
    const { recommender: from } = await train(first(), 'fm', more);
    const { recommender } = await train(next(), 'fm', { ...more, data: { files: [next()], minRating: 1 } }, from);
    const taken = rowOf(from.parts.seen, from.parts.users.indexOf('u7')!);
    const list = recommender.recommend({ user: 'u7' }, { k: 100 }).recommendations.map(({ item }) => item);
    for (const item of taken) expect(list).not.toContain(from.parts.items.idOf(item));
    expect(recommender.recommend({ user: 'u14' }).how).toBe('trained');
  });

  it('are refused without a column, for another task, of another kind of model', async () => {
    const { recommender: from } = await train(first(), 'fm', { training: { epochs: 1 } });
    const bare = write(
      'bare.csv',
      `user,item,clicked\n${numbers(0, 20)
        .map((n) => `u${n},i${n},${n % 2}`)
        .join('\n')}\n`,
    );
    await expect(train(bare, 'fm', {}, from)).rejects.toThrow(/from: the rows must have the column "device"/);
    await expect(
      train(next(), 'fm', { task: 'ranking', data: { files: [next()], minRating: 1 } }, from),
    ).rejects.toThrow(/from: the rows must be for the task "click"/);
    const { recommender: pairs } = await trainPairs({
      model: 'mf',
      rows: old,
      input: { config: { factors: 4 }, training: some },
    });
    expect(await thrownCode(() => train(next(), 'fm', {}, pairs))).toBe('config');
    expect(findModel('fm').form).toBe('rows');
  });
});
