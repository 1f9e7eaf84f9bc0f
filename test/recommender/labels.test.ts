/** What models of users and items, of sequences and over fields make of labels and ratings. */
import { afterAll, describe, expect, it } from 'vitest';
import { loadSequences } from '../../src/data/sequences/load.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { trainRecommender } from '../../src/runs/train-recommender.ts';
import { pairValues } from '../../src/tasks/pair-values.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { pairsOnly, prepareSplit } from '../../src/tasks/prepare-split.ts';
import { parseRunSettings, type RunInput } from '../../src/tasks/ranking-settings.ts';
import { ratingsNote } from '../../src/tasks/ratings-note.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { madeDataset } from '../data/made-data.ts';
import { temporaryFolder } from '../data/temporary-files.ts';

const { write } = temporaryFolder();
const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

/** Users are shown everything; each takes the items of its own kind (even or odd) and nothing else. */
const rows = Array.from({ length: 12 * 10 }, (_, k) => {
  const [user, item] = [k % 12, Math.floor(k / 12)];
  return { user: `u${user}`, item: `i${item}`, taken: user % 2 === item % 2, time: k };
});
const shown = (yes: string, no: string): string =>
  `user,item,clicked,timestamp\n${rows.map((row) => `${row.user},${row.item},${row.taken ? yes : no},${row.time}`).join('\n')}\n`;
const path = write('shown.csv', shown('yes', 'no'));

const settingsOf = (more: Partial<RunInput>) =>
  parseRunSettings({
    data: { files: [path] },
    model: 'item-knn',
    split: { method: 'leave-one-out', by: 'random' },
    ...more,
  });

describe('a log of shown items', () => {
  it('trains models of users and items on what was taken only', async () => {
    const settings = settingsOf({ evaluation: { metrics: ['ndcg@3'] } });
    const split = await prepareSplit(settings);
    expect(split.train.length + split.validation!.length + split.test!.length).toBe(60);
    expect(split.dataset.warnings.join('\n')).toMatch(/60 rows labelled 0 dropped: the 60 labelled 1 say/);
    const { recommender, measured } = await trainRecommender({ engine, split: pairsOnly(split), settings });
    // what u0 was shown and did not take is no part of its history, and similar to nothing it took
    const { recommendations } = measured.recommend({ user: 'u0' }, { k: 10, includeSeen: true });
    const even = recommendations.filter(({ score }) => score > 0).map(({ item }) => Number(item.slice(1)) % 2);
    expect(even.length).toBeGreaterThan(0);
    expect(even.every((parity) => parity === 0)).toBe(true);
    expect([...recommender.parts.seen.rowStart].at(-1)).toBe(60);
  });

  it('trains alike whatever the labels are written like', async () => {
    const hashes = ['1,0', 'true,false', 'Y,N'].map(async (pair, n) => {
      const [yes, no] = pair.split(',');
      const files = [write(`as-${n}.csv`, shown(yes, no))];
      return (await prepareSplit(settingsOf({ data: { files } }))).dataset.hash;
    });
    expect(new Set(await Promise.all(hashes)).size).toBe(1);
  });

  it('in memory, with labels of 0: these are nobody’s items either', async () => {
    const made = madeDataset(rows.map(({ user, item, time }) => [user, item, time]));
    const rating = Float32Array.from(rows, ({ taken }) => Number(taken));
    const label = { column: 'clicked', positive: '1' };
    const dataset = { ...made, label, interactions: { ...made.interactions, rating } };
    const split = splitDataset(dataset, { method: 'ratio', of: 'user', by: 'random', test: 0.2 });
    const settings = settingsOf({ model: 'popularity', evaluation: { metrics: ['ndcg@3'] } });
    const { recommender } = await trainRecommender({ engine, split, settings });
    expect([...recommender.parts.seen.rowStart].at(-1)).toBe(60);
  });

  it('makes sequences of what was taken', async () => {
    const data = await loadSequences({ data: { files: [path] } });
    expect(data.sequences.items.length).toBe(60);
    expect(data.warnings.join('\n')).toMatch(/60 rows labelled 0 dropped: the 60 labelled 1 say what people took/);
  });

  it('is predicted by models over fields, and ranked by them without the rows labelled 0', async () => {
    const input = { data: { files: [path] }, model: 'lr', split: { method: 'ratio' as const } };
    const clicks = await prepareFieldData(parseFieldRunSettings(input));
    expect([clicks.task, clicks.split.dataset.interactions.length]).toEqual(['click', 120]);
    const ranking = await prepareFieldData(parseFieldRunSettings({ ...input, task: 'ranking' }));
    expect([ranking.task, ranking.split.dataset.interactions.length]).toEqual(['ranking', 60]);
    expect(ranking.warnings.join('\n')).toMatch(/60 rows labelled 0 dropped/);
  });
});

describe('ratings', () => {
  const rated = write(
    'rated.csv',
    `user,item,rating\n${rows.map((row, k) => `${row.user},${row.item},${1 + (k % 5)}`).join('\n')}\n`,
  );
  const data = { files: [rated] };
  const noteOf = async (...runs: Partial<RunInput>[]) => {
    const settings = runs.map((run) => settingsOf({ data, split: { method: 'ratio' }, ...run }));
    return ratingsNote((await prepareSplit(settings[0])).dataset, settings);
  };

  it('that a model does not use are told, with what helps', async () => {
    expect(await noteOf({ model: 'bpr-mf' })).toMatch(
      /^ratings 1 to 5 are not used: BPR-MF takes every row as liked; --min-rating 4 keeps those of 4 and more/,
    );
    expect(await noteOf({ model: 'ease' }, { model: 'ials' })).toMatch(/EASE, iALS take every row as liked/);
  });

  it('are not told where somebody has said what counts', async () => {
    expect(await noteOf({ model: 'ease', data: { ...data, minRating: 3 } })).toBeNull();
    expect(await noteOf({ model: 'ials', config: { confidence: 2 } })).toBeNull();
    expect(await noteOf({ model: 'ease', data: { ...data, columns: { rating: null } } })).toBeNull();
  });

  it('are told of models of sequences too', async () => {
    const { warnings } = await loadSequences({ data });
    expect(warnings.join('\n')).toMatch(/ratings 1 to 5 are not used: every row is an event; --min-rating 4/);
  });

  it('make iALS another model, and counts of repeats do', async () => {
    const scoresWith = async (more: Partial<RunInput>) => {
      const settings = settingsOf({ data, model: 'ials', split: { method: 'none' }, ...more });
      const split = pairsOnly(await prepareSplit(settings), { ratings: true });
      const { recommender } = await trainRecommender({ engine, split, settings });
      const scores = recommender.recommend({ user: 'u1' }, { k: 10, includeSeen: true }).recommendations;
      return new Map(scores.map(({ item, score }) => [item, score]));
    };
    const config = { factors: 4 };
    const plain = await scoresWith({ config });
    const weighted = await scoresWith({ config: { ...config, confidence: 5 } });
    expect([...weighted].some(([item, score]) => Math.abs(score - plain.get(item)!) > 1e-3)).toBe(true);
    await expect(
      scoresWith({ config: { ...config, confidence: 1 }, data: { files: [rated], columns: { rating: null } } }),
    ).rejects.toThrow(/confidence: needs ratings or counts/);
  });

  it('of repeated pairs add up; rows without ratings count 1 each', () => {
    const dataset = madeDataset([
      ['a', 'y'],
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
    ]);
    const { interactions } = dataset;
    const pairs = { nRows: 2, rowStart: Int32Array.of(0, 2, 3), columns: Int32Array.of(0, 1, 1) };
    expect([...pairValues(pairs, interactions)!]).toEqual([2, 1, 1]);
    expect([...pairValues(pairs, { ...interactions, rating: Float32Array.of(5, 1, 2, 3) })!]).toEqual([7, 1, 3]);
  });
});
