import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadSequenceSplit } from '../../../src/data/sequences/load.ts';
import { loadPrefixFiles } from '../../../src/data/sequences/prefix-files.ts';
import { nSequences } from '../../../src/data/sequences/select-sequences.ts';
import { targetEvents } from '../../../src/evaluation/next-item/target-events.ts';

const root = process.env.DEEPTASTE_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const present = existsSync(root);
const why = present ? '' : ' (skipped: the public data sets are not here; set DEEPTASTE_DATA)';
const at = (name: string): string => join(root, name);

describe(`public sequences${why}`, () => {
  it.skipIf(!present)('YooChoose 1/64: the cases are the 15,324 test sessions of RSC15, 71,222 clicks', async () => {
    const split = await loadPrefixFiles({
      train: at('yoochoose-1-64/train_sequences.txt.gz'),
      test: at('yoochoose-1-64/test_prefix_target.txt.gz'),
    });
    expect([nSequences(split.train), split.items.size]).toEqual([116_167, 17_376]);
    const targets = targetEvents(split.test!);
    expect(targets.item.length).toBe(55_898);
    expect([nSequences(targets.sequences), targets.sequences.items.length]).toEqual([15_324, 71_222]);
  });

  it.skipIf(!present)('YooChoose 100k: every test item is known, as its makers say', async () => {
    const name = (part: string): string => at(`yoochoose-100k/yoochoose-clicks-100k_${part}.txt.gz`);
    const split = await loadSequenceSplit(
      { data: { files: [name('train_full')], columns: { user: null } } },
      { method: 'given', test: name('test') },
    );
    expect(split.train.items.length).toBe(70_278);
    expect(split.test?.kind === 'sequences' && split.test.sequences.items.length).toBe(13_568);
    expect(split.description.nUnknownTestEvents).toBe(0);
  });

  it.skipIf(!present)('MovieLens 1M with SASRec’s filter has its 6,040 users and 3,416 items', async () => {
    const split = await loadSequenceSplit(
      { data: { files: [at('ml-1m/sequences.txt.gz')], format: 'lists' }, filter: { minSupport: 5, minLength: 5 } },
      { method: 'leave-one-out' },
    );
    expect([nSequences(split.train), split.items.size, split.description.nTest]).toEqual([6040, 3416, 6040]);
  });
});
