/** The detector finds fakes of a known recipe, learns nothing of labels that mean nothing, and its labels are checked. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { Vocabulary } from '../../../src/data/vocabulary.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { aucInterval } from '../../../src/evaluation/statistics/auc-interval.ts';
import { featureTable } from '../../../src/robustness/detection/feature-table.ts';
import { profileLabels } from '../../../src/robustness/detection/labels.ts';
import { profilesOf } from '../../../src/robustness/detection/profiles.ts';
import { supervisedScores } from '../../../src/robustness/detection/supervised.ts';
import { thrownCode } from '../../evaluation/thrown-code.ts';
import { datasetOf, shillingWorld } from '../made-profiles.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const engine of engines) engine.close();
});
const [people, fakes, nItems] = [300, 40, 120];
const profiles = profilesOf(datasetOf(shillingWorld(people, fakes, nItems, 3), people + fakes, nItems));
const table = featureTable(profiles, { engine: engines[0], random: new RandomStream(1, 'features') });
const truth = Int8Array.from({ length: people + fakes }, (_, u) => (u >= people ? 1 : 0));

const counted = (ofUser: Int8Array) => ({
  ofUser,
  nFake: ofUser.filter((label) => label === 1).length,
  nReal: ofUser.filter((label) => label === 0).length,
});
const scores = (ofUser: Int8Array, engine = engines[0], folds = 5) =>
  supervisedScores(table, counted(ofUser), { engine, random: new RandomStream(7, 'detector'), folds });

describe('supervisedScores', () => {
  it('ranks fakes that it did not learn from above real people', async () => {
    const found = await scores(truth);
    expect(aucInterval(truth, found).low).toBeGreaterThan(0.95);
    expect(found.every((p) => p >= 0 && p <= 1)).toBe(true);
  });

  it('scores nobody by a model that saw their label', async () => {
    const drawn = new RandomStream(5, 'labels').shuffle(truth.slice());
    const { low, high } = aucInterval(drawn, await scores(drawn), 0.999);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
  });

  it('scores who has no label, too', async () => {
    const known = truth.slice().fill(-1, 0, 100);
    const half = await scores(known);
    expect(aucInterval(truth, half).low).toBeGreaterThan(0.95);
  });

  it('gives the same bytes for any number of threads', async () => {
    expect(await scores(truth, engines[1])).toEqual(await scores(truth));
  });

  it('refuses folds that cannot be', async () => {
    for (const folds of [1, 41, 2.5])
      await expect(scores(truth, engines[0], folds)).rejects.toMatchObject({ code: 'config' });
  });
});

describe('profileLabels', () => {
  const users = new Vocabulary(['a', 'b', '3']);
  const read = (ids: readonly string[], labels: readonly (number | null)[]) =>
    profileLabels(
      'labels.csv',
      {
        nRows: ids.length,
        title: null,
        fields: [
          { name: 'user', kind: 'categorical', values: ids },
          { name: 'fake', kind: 'numeric', values: labels },
        ],
      },
      users,
    );

  it('knows who is labelled and who is not in the data', () => {
    const { ofUser, nFake, nReal, nAbsent } = read(['3', 'a', 'z'], [1, 0, 1]);
    expect([...ofUser]).toEqual([0, -1, 1]);
    expect([nFake, nReal, nAbsent]).toEqual([1, 1, 1]);
  });

  it.each([
    ['another label', ['a', 'b'], [1, 2]],
    ['an empty label', ['a', 'b'], [1, null]],
    ['a person twice', ['a', 'b', 'a'], [1, 0, 1]],
    ['one kind only', ['a', 'b'], [1, 1]],
    ['nobody of the data', ['x', 'y'], [1, 0]],
  ])('refuses %s', (_, ids, labels) => {
    expect(thrownCode(() => read(ids, labels))).toBe('data');
  });
});
