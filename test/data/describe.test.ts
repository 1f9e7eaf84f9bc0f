import { describe, expect, it } from 'vitest';
import { describeData } from '../../src/data/describe.ts';
import { renderDescription } from '../../src/data/describe-text.ts';
import { loadDataset } from '../../src/data/load.ts';
import { temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();
const path = write(
  'shop.csv',
  'user,item,stars,date,colour\nann,x,5,2020-01-01,red\nann,y,3,2020-01-03,\nbob,x,4,2020-01-02,blue\nann,x,1,2020-01-05,red\ncy,z,2,2020-01-04,red\n',
);

describe('the description of a file', () => {
  it('counts rows after cleaning and cells as they stand in the file', async () => {
    const description = await describeData({ files: [path] });
    expect(description).toMatchObject({
      name: 'shop',
      nUsers: 3,
      nItems: 3,
      nInteractions: 4,
      density: 4 / 9,
      nSessions: null,
      social: null,
      interactionsPerUser: { min: 1, median: 1, max: 2 },
      interactionsPerItem: { min: 1, median: 1, max: 2 },
      rating: { min: 1, mean: (3 + 4 + 1 + 2) / 4, max: 4 },
      time: { from: '2020-01-02T00:00:00.000Z', to: '2020-01-05T00:00:00.000Z' },
    });
    expect(description.columns.map((c) => [c.name, c.role, c.kind, c.guessed, c.nMissing, c.nDistinct])).toEqual([
      ['user', 'user', 'id', true, 0, 3],
      ['item', 'item', 'id', true, 0, 3],
      ['stars', 'rating', 'numeric', true, 0, 5],
      ['date', 'time', 'time', true, 0, 5],
      ['colour', 'field', 'categorical', false, 1, 2],
    ]);
    expect(description.columns[4].samples).toEqual(['red', 'blue']);
    expect(description.warnings).toHaveLength(2);
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
  it('tells how long sessions are', async () => {
    const clicks = write('clicks.csv', 'user,session,item\na,s1,x\na,s1,y\na,s1,z\nb,s2,x\n');
    const description = await describeData({ files: [clicks] });
    expect(description).toMatchObject({ nSessions: 2, interactionsPerSession: { min: 1, median: 2, max: 3 } });
    expect(renderDescription(description)).toContain('2 sessions; per session min 1, median 2, max 3');
  });
  it('of a data set in memory has the same counts', async () => {
    const [file, memory] = [
      await describeData({ files: [path] }),
      await describeData(await loadDataset({ files: [path] })),
    ];
    const { columns: _, ...counts } = memory;
    expect(file).toMatchObject(counts);
    expect(memory.columns[4]).toMatchObject({ samples: ['blue', 'red'], nMissing: 1, nDistinct: 2 });
  });
  it('is printed as a table', async () => {
    const text = renderDescription(await describeData({ files: [path] }));
    expect(text.split('\n').slice(0, 4)).toEqual([
      'shop',
      '  4 interactions of 3 users with 3 items (density 44.4 %)',
      '  per user min 1, median 1, max 2; per item min 1, median 1, max 2',
      '  ratings 1 to 4, mean 2.50',
    ]);
    expect(text).toContain('  stars   interaction  rating (guessed)  numeric            0         5  5, 3, 4');
    expect(text).toContain('  ! 1 row dropped');
  });
});
