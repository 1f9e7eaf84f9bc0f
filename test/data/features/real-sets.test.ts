import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fitFeatures } from '../../../src/data/features/fit-features.ts';
import { loadSplit } from '../../../src/data/splits/split-dataset.ts';

const root = process.env.DEEPTASTE_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const present = existsSync(root);
const why = present ? '' : ' (skipped: the public data sets are not here; set DEEPTASTE_DATA)';
const at = (name: string): string => join(root, name);

describe(`fields of public data sets${why}`, () => {
  it.skipIf(!present)('Frappe: 10 fields, a third of the rows positive', async () => {
    const split = await loadSplit(
      { files: [at('frappe/train.txt.gz')] },
      { method: 'given', validation: at('frappe/valid.txt.gz'), test: at('frappe/test.txt.gz') },
    );
    expect([split.train.length, split.validation!.length, split.test!.length]).toEqual([202_027, 57_722, 28_860]);
    const { encoder } = fitFeatures(split.dataset, split.train, { minCount: 1 });
    expect(encoder.layout.fields).toHaveLength(10);
    expect(encoder.layout.nRows).toBe(5379); // of 5,382 features three occur in held-out rows alone
    const { index } = encoder.encodeContext(split.train);
    expect(index.every((row) => row >= 0)).toBe(true);
    const share = split.train.rating!.reduce((a, b) => a + b) / split.train.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.01);
  });

  it.skipIf(!present)('Adult: labels with a full stop in the test file', async () => {
    const split = await loadSplit(
      { files: [at('adult/adult.data.gz')] },
      { method: 'given', test: at('adult/adult.test.gz') },
    );
    expect(split.dataset.label).toEqual({ column: 'wage_class', positive: '>50K' });
    const positives = (rating: Float32Array | null) => rating!.reduce((a, b) => a + b, 0);
    // the set's own page: 7,841 of 32,561 and 3,846 of 16,281 earn more
    expect([positives(split.train.rating), positives(split.test!.rating)]).toEqual([7841, 3846]);
    const { encoder } = fitFeatures(split.dataset, split.train, { crosses: [{ fields: ['education', 'occupation'] }] });
    const { index, slots } = encoder.encodeContext(split.train);
    expect(encoder.fieldValueName(index[3])).toBe('education = Bachelors');
    expect(slots).toBe(14);
    const crosses = encoder.encodeCrosses(split.dataset, split.train);
    expect(crosses.index.every((row) => row >= 0)).toBe(true);
  });

  it.skipIf(!present)('Criteo: 13 numbers and 26 categories without a header', async () => {
    const split = await loadSplit(
      { files: [at('criteo-10k/train_examples.txt.gz')] },
      { method: 'ratio', by: 'order' },
    );
    expect([split.train.length, split.validation!.length, split.test!.length]).toEqual([8000, 1000, 1000]);
    const { encoder } = fitFeatures(split.dataset, split.train, { numeric: 'log2' });
    const kinds = encoder.fitted.fields.map(({ kind }) => kind);
    expect(kinds).toEqual([...new Array(13).fill('numeric'), ...new Array(26).fill('categorical')]);
  });

  it.skipIf(!present)('MovieLens 100K: fields of users and films', async () => {
    const split = await loadSplit({ files: [at('ml-100k/ml-100k.inter.gz')] }, { method: 'ratio' });
    const { encoder } = fitFeatures(split.dataset, split.train);
    expect(encoder.layout.fields.map(({ owner, name }) => `${owner}.${name}`)).toEqual([
      ...['user.user_id', 'user.age', 'user.gender', 'user.occupation', 'user.zip_code'],
      ...['item.item_id', 'item.release_year', 'item.class'],
    ]);
    const { index, value, slots } = encoder.encodeItems(split.dataset);
    const row = split.dataset.items.indexOf('1')! * slots;
    const names = Array.from(index.subarray(row, row + slots)).map((each) => each >= 0 && encoder.fieldValueName(each));
    expect(names.slice(2, 6)).toEqual(['class = Animation', "class = Children's", 'class = Comedy', false]);
    expect(value![row + 2]).toBe(Math.fround(1 / 3));
  });
});
