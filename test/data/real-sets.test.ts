import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { displayName } from '../../src/data/dataset.ts';
import { loadDataset } from '../../src/data/load.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';

const root = process.env.DEEPTASTE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const present = existsSync(root);
const why = present ? '' : ' (skipped: the public data sets are not here; set DEEPTASTE_DATA)';
const at = (name: string): string => join(root, name);

/** Counts as the sets' own pages state them; repeated pairs are kept so that rows can be counted. */
const sets: [name: string, rows: number, users: number, items: number, options: DataOptions][] = [
  ['MovieLens 100K, RecBole', 100_000, 943, 1682, { files: [at('ml-100k/ml-100k.inter.gz')] }],
  ['MovieLens 100K, two parts', 100_000, 943, 1682, { files: [at('ml-100k/irgan/*.txt.gz')] }],
  ['MovieTweetings', 100_000, 16_554, 10_506, { files: [at('movietweetings-100k/ratings.dat.gz')] }],
  [
    'Last.fm HetRec',
    ...([92_834, 1892, 17_632] as const),
    { files: [at('lastfm-hetrec/ratings.txt.gz')], social: at('lastfm-hetrec/trusts.txt.gz') },
  ],
  ['Ciao', 284_086, 7375, 105_114, { files: [at('ciao/ratings.tsv.gz')], social: at('ciao/trust.tsv.gz') }],
];

describe(`public data sets${why}`, () => {
  it.skipIf(!present).each(sets)('%s', async (_, rows, users, items, options) => {
    const dataset = await loadDataset({ ...options, duplicates: 'keep' });
    expect([dataset.interactions.length, dataset.users.size, dataset.items.size]).toEqual([rows, users, items]);
  });
  it.skipIf(!present)('MovieLens 100K has titles', async () => {
    const { items, itemFields } = await loadDataset({ files: [at('ml-100k/ml-100k.inter.gz')] });
    expect(displayName(items, itemFields, items.indexOf('1')!)).toBe('Toy Story');
  });
  it.skipIf(!present)('the NCF protocol on MovieLens 1M', async () => {
    const split = await loadSplit(
      { files: [at('ml-1m/ncf.train.tsv.gz')] },
      { method: 'given', test: at('ml-1m/ncf.test.rating.gz'), candidates: at('ml-1m/ncf.test.negative.gz') },
    );
    expect([split.dataset.users.size, split.dataset.items.size]).toEqual([6040, 3706]);
    expect([split.train.length, split.test!.length]).toEqual([994_169, 6040]);
    expect(split.description.testCandidatesPositivesRemoved).toBe(156);
    expect(split.testCandidates!.columns.length).toBe(6040 * 99 - 156);
  });
});
