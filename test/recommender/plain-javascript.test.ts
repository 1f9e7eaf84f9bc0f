/** Callers in plain JavaScript: no compiler has told them what to give. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeepTasteError } from '../../src/core/errors.ts';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { compareModels } from '../../src/runs/compare.ts';
import { trainFieldRecommender, trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { parseSequenceRunSettings } from '../../src/tasks/next-item-settings.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { prepareSequenceSplit } from '../../src/tasks/prepare-sequences.ts';
import { prepareSplit } from '../../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { type MadeRow, madeDataset, testRandom } from '../data/made-data.ts';
import { temporaryFolder } from '../data/temporary-files.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const { folder: made, write } = temporaryFolder();

const draw = testRandom(7);
const rows = Array.from({ length: 400 }, (_, n): MadeRow => [String(1 + draw(30)), String(100 + draw(25)), n]);
const dataset = madeDataset(rows);

// biome-ignore lint/suspicious/noExplicitAny: what plain JavaScript may give
type Anything = any;
let ofUsers: Recommender;
let ofSequences: Recommender;
let ofFields: Recommender;

beforeAll(async () => {
  const settings = parseRunSettings({ data: { files: ['none'] }, model: 'item-knn', evaluation: { users: 0 } });
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  ofUsers = (await trainRecommender({ engine, split, settings })).recommender;
  const sequences = leaveLastOut(sequencesOf(dataset, { by: 'user' }));
  ofSequences = (await trainSequenceRecommender({ engine, split: sequences, model: 'markov' })).recommender;
  const lines = rows.map(([user, item], n) => `${user},${item},${n % 24},${n % 3 === 0 ? 1 : 0}`);
  const clicks = write('clicks.csv', `user_id,item_id,hour,label\n${lines.join('\n')}\n`);
  const fields = parseFieldRunSettings({
    data: { files: [clicks] },
    split: { method: 'ratio', test: 0.2 },
    model: 'fm',
    training: { epochs: 1 },
  });
  ofFields = (await trainFieldRecommender({ engine, data: await prepareFieldData(fields), settings: fields }))
    .recommender;
});

function thrown(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DeepTasteError)) throw error;
    return error;
  }
  return { code: 'none', message: '' };
}

describe('ids given as numbers', () => {
  it('are their texts, for each kind of recommender', () => {
    const ids = ({ recommendations }: Anything) => recommendations.map(({ item }: Anything) => item);
    for (const each of [ofUsers, ofSequences] as Anything[]) {
      expect(ids(each.recommend({ user: 5 }, { k: 3 }))).toEqual(ids(each.recommend({ user: '5' }, { k: 3 })));
      expect(ids(each.recommend({ user: 5n }, { k: 3 }))).toEqual(ids(each.recommend({ user: '5' }, { k: 3 })));
      const told = each.recommend({ history: ['100', '101'] }, { k: 3 });
      expect(each.recommend({ history: [100, 101] }, { k: 3 })).toEqual(told);
      expect(each.recommend({ history: [100, '101'] }, { k: 3 })).toEqual(told);
      expect(each.recommend({ history: Int32Array.of(100, 101) }, { k: 3 })).toEqual(told);
    }
    expect(ofFields.recommend({ user: 5 }, { k: 3 })).toEqual(ofFields.recommend({ user: '5' }, { k: 3 }));
    const row = (user: unknown, item: unknown) =>
      ofFields.predict([{ user_id: user, item_id: item, hour: 3 }])[0].value;
    expect(row(5, 100)).toBe(row('5', '100'));
    const session = ofSequences.startSession();
    expect(session.add(100)).toBe(true);
    expect(session.recommend({ k: 2 })).toEqual(ofSequences.recommend({ history: ['100'] }, { k: 2 }));
    session.close();
  });

  it('keep every digit, or are refused with that advice', () => {
    const wrong: Anything[] = [2 ** 53, 1e21, Number.NaN, Number.POSITIVE_INFINITY];
    for (const id of wrong) {
      expect(thrown(() => ofUsers.recommend({ user: id }))).toMatchObject({ code: 'usage' });
      expect(thrown(() => ofUsers.recommend({ history: [id] })).message).toMatch(/history, number 1.*text or a bigint/);
    }
    expect(thrown(() => ofUsers.recommend({ user: 2n ** 60n }))).toMatchObject({ code: 'not-found' });
  });
});

describe('wrong calls', () => {
  it('of sessions', () => {
    for (const options of [null, 'ann', { usr: 5 }, { user: {} }, { user: Number.NaN }] as Anything[])
      expect(
        thrown(() => ofSequences.startSession(options)),
        String(options),
      ).toMatchObject({ code: 'usage' });
    expect(thrown(() => ofUsers.startSession())).toMatchObject({ code: 'usage' });
  });

  it('of save are refused before anything is written', async () => {
    for (const each of [ofUsers, ofSequences, ofFields] as Anything[]) {
      for (const path of [undefined, null, 7, '', {}])
        await expect(each.save(path), String(path)).rejects.toMatchObject({ code: 'usage' });
      const folder = join(made, 'unwritten');
      for (const wrong of [{ a: 'text' }, 7, new Map([['a.txt', 5]])]) {
        await expect(each.save(folder, null, wrong)).rejects.toThrow(/^save: .*found/);
      }
      await expect(each.save(folder, { metrics: {} })).rejects.toThrow(/evaluate\(\)/);
      expect(existsSync(folder)).toBe(false);
    }
  });

  it('loads a saved recommender of every kind without being told which', async () => {
    for (const [name, each] of Object.entries({ ofUsers, ofSequences, ofFields }) as [string, Anything][]) {
      const path = join(made, `any-${name}`);
      await each.save(path);
      const loaded = await Recommender.load(path);
      expect(loaded.constructor).toBe(each.constructor);
      expect(loaded.model.name).toBe(each.model.name);
      loaded.close();
    }
  });

  it('of load name what is no path', async () => {
    const load = (path: Anything) => Recommender.load(path);
    for (const path of [undefined, 7, '', {}])
      await expect(load(path), String(path)).rejects.toMatchObject({ code: 'usage' });
    await expect(load(new URL('file:///tmp/x'))).rejects.toThrow(/^load: .*fileURLToPath/);
  });

  it('name what is no id and no list of ids', () => {
    for (const each of [ofUsers, ofSequences] as Anything[]) {
      for (const id of [undefined, null, {}, ['5'], true, Symbol('5'), () => 5])
        expect(
          thrown(() => each.recommend({ user: id })),
          String(id),
        ).toMatchObject({ code: 'usage' });
      expect(thrown(() => each.recommend({ user: undefined })).message).toMatch(
        /somebody to recommend to, found nobody/,
      );
      expect(thrown(() => each.recommend({ user: null })).message).toMatch(/must be an id.*found null/);
      expect(thrown(() => each.recommend({ user: '5', history: ['100'] })).message).toMatch(/a user and a history/);
      expect(thrown(() => each.recommend({ users: '5' })).message).toMatch(/did you mean "user"/);
      expect(thrown(() => each.recommend({ history: '100' })).message).toMatch(/must be a list of ids.*\["100"\]/);
      for (const history of [undefined, null, 100, {}, [undefined], [null], [['100']], new Map([[1, 2]])])
        expect(thrown(() => each.recommend({ history }))).toMatchObject({ code: 'usage' });
      const empty = thrown(() => each.recommend({ history: [] }));
      expect(empty).toMatchObject({ code: 'usage' });
      expect(empty.message).toMatch(/at least one item, found none/);
    }
  });

  it('name options that are not there, with the nearest one, and values out of range', () => {
    const calls: ((options: Anything) => unknown)[] = [
      (options) => ofUsers.recommend({ user: '5' }, options),
      (options) => ofUsers.recommend({ history: ['100'] }, options),
      (options) => ofSequences.recommend({ user: '5' }, options),
      (options) => ofSequences.recommend({ history: ['100'] }, options),
      (options) => ofFields.recommend({ user: '5' }, options),
      (options) => ofFields.recommend({ row: { hour: 3 } }, options),
    ];
    for (const call of calls) {
      expect(thrown(() => call({ n: 3 }))).toMatchObject({ code: 'usage' });
      expect(thrown(() => call({ n: 3 })).message).toMatch(/"n" is not a known option; did you mean "k"/);
      expect(thrown(() => call({ includeseen: true })).message).toMatch(/did you mean "includeSeen"/);
      expect(thrown(() => call({ k: '3' })).message).toMatch(/"k".*expected number, found "3"/);
      for (const k of [0, -1, 1.5, Number.NaN, null, [3]])
        expect(
          thrown(() => call({ k })),
          String(k),
        ).toMatchObject({ code: 'usage' });
      for (const options of [null, 3, 'k=3', [3]])
        expect(
          thrown(() => call(options)),
          String(options),
        ).toMatchObject({ code: 'usage' });
      expect(thrown(() => call({ includeSeen: 'no' }))).toMatchObject({ code: 'usage' });
    }
  });

  it('of training, comparing and preparing name the part that is missing, of another kind, or not known', async () => {
    const settings = parseRunSettings({ data: { interactions: [{ user: 1, item: 2 }] }, model: 'item-knn' });
    const split = splitDataset(dataset, { method: 'leave-one-out' });
    const calls: [(given: Anything) => Promise<unknown>, Anything, RegExp][] = [
      [trainRecommender, undefined, /^trainRecommender: .*expected object, found nothing/],
      [trainRecommender, { engine, split }, /"settings": must be settings of a run, as parseRunSettings gives them/],
      [trainRecommender, { engine, split, settings: { model: 'mf' } }, /as parseRunSettings gives them/],
      [trainRecommender, { split, settings }, /"engine": must be an Engine.*found nothing/],
      [trainRecommender, { engine, settings, split: [] }, /"split": must be a split, as await loadSplit/],
      [trainRecommender, { engine, settings, split: Promise.resolve(split) }, /found a promise \(await it\)/],
      [trainRecommender, { engine, split, settings, onepoch: () => {} }, /did you mean "onEpoch"/],
      [trainSequenceRecommender, { engine, split, model: 'markov' }, /"split": must be a split of sequences/],
      [trainFieldRecommender, { engine, data: split, settings }, /"data": must be what await prepareFieldData/],
      [compareModels, { engine, split, contenders: [{ name: 'mf' }], seeds: [1] }, /"contenders.0.model"/],
      [compareModels, null, /expected object/],
      [prepareSplit, { files: ['a.csv'] }, /^prepareSplit: .*as parseRunSettings gives them/],
      [prepareFieldData, { data: { files: ['a.csv'] }, model: 'fm' }, /as parseFieldRunSettings gives them/],
      [prepareSequenceSplit, undefined, /as parseSequenceRunSettings gives them/],
    ];
    for (const [call, given, message] of calls)
      await expect(call(given), String(message)).rejects.toMatchObject({
        name: 'DeepTasteError',
        code: 'usage',
        message: expect.stringMatching(message),
      });
  });

  it('of Engine name options that are not there', () => {
    const make = (options: Anything) => () => new Engine(options);
    expect(thrown(make({ thread: 2 })).message).toBe('engine: "thread" is not a known option; did you mean "threads"?');
    expect(thrown(make({ threads: '2' })).message).toBe('threads: must be an integer from 1 to 256, found "2"');
    expect(thrown(make(null)).message).toMatch(/must be an object/);
  });

  it('settings of rows in memory can be read again, by whatever prepares a run', async () => {
    const interactions = rows.map(([user, item, time], n) => ({ user, item, time, clicked: n % 3 === 0 }));
    const data = { interactions };
    expect((await prepareSplit(parseRunSettings({ data, model: 'mf' }))).dataset.users.size).toBe(30);
    const ofRows = parseFieldRunSettings({ data, split: { method: 'ratio', test: 0.2 }, model: 'fm' });
    expect((await prepareFieldData(ofRows)).task).toBe('click');
    const sequences = await prepareSequenceSplit(parseSequenceRunSettings({ data, model: 'markov' }));
    expect(sequences.users?.size).toBe(30);
  });

  it('name what is no row and no list of rows', () => {
    const fields = ofFields as Anything;
    for (const given of [undefined, null, 'x', {}, [undefined], [null], ['x'], [[1]]])
      expect(thrown(() => fields.predict(given))).toMatchObject({ code: 'usage' });
    expect(thrown(() => fields.predict({ hour: 3 })).message).toMatch(/list of rows.*give a list/);
    for (const given of [undefined, null, 'hour=3', [{}]]) {
      expect(thrown(() => fields.explain(given))).toMatchObject({ code: 'usage' });
      expect(thrown(() => fields.recommend({ row: given }))).toMatchObject({ code: 'usage' });
    }
    expect(thrown(() => fields.recommend({ user: '5', row: [1] }))).toMatchObject({ code: 'usage' });
    expect(() => fields.predict([{ user_id: null, item_id: undefined, hour: null }])).not.toThrow();
  });

  it('may ask for more items than there are', () => {
    expect(ofUsers.recommend({ user: '5' }, { k: 1e9, includeSeen: true }).recommendations).toHaveLength(25);
    expect(ofSequences.recommend({ user: '5' }, { k: 1e9, includeSeen: true }).recommendations).toHaveLength(25);
    expect(ofFields.recommend({ user: '5' }, { k: 1e9, includeSeen: true }).recommendations).toHaveLength(25);
  });
});
