import { describe, expect, it } from 'vitest';
import type { DataOptions } from '../../src/data/data-options.ts';
import { rowOf } from '../../src/data/sparse-rows.ts';
import { loadSplit } from '../../src/data/splits/split-dataset.ts';
import type { SplitOptions } from '../../src/data/splits/split-options.ts';
import { pairs } from './made-data.ts';
import { codeOf, messageOf, temporaryFolder } from './temporary-files.ts';

const { write } = temporaryFolder();

/** The files of the NCF protocol, in small: item 9 stands in a candidate list only, item 4 in the test rows only. */
const train = write('train.tsv', '0\t1\n0\t2\n1\t2\n1\t3\n2\t1\n');
const test = write('test.rating', '0\t3\t5\t978824351\n1\t4\t3\t978300174\n2\t2\t4\t978298504\n');
const negative = write('test.negative', '(0,3)\t4\t9\t3\n(1,4)\t1\t1\t9\n(2,2)\t3\t4\n');
const load = (data: Partial<DataOptions>, split: Partial<SplitOptions>) =>
  loadSplit({ files: [train], ...data }, { method: 'given', test, ...split } as SplitOptions);

describe('given files', () => {
  it('share the vocabularies of all files, training first', async () => {
    const { dataset, ...split } = await load({}, { candidates: negative });
    expect(dataset.users.ids).toEqual(['0', '1', '2']);
    expect(dataset.items.ids).toEqual(['1', '2', '3', '4', '9']);
    expect(pairs(dataset, split.train)).toEqual(['0>1', '0>2', '1>2', '1>3', '2>1']);
    expect(pairs(dataset, split.test)).toEqual(['0>3', '1>4', '2>2']);
    expect(split.validation).toBeNull();
  });
  it('list candidates without the held-out item and without repeats, and say so', async () => {
    const { dataset, testCandidates, description } = await load({}, { candidates: negative });
    const listed = [0, 1, 2].map((user) => [...rowOf(testCandidates!, user)].map((item) => dataset.items.idOf(item)));
    expect(listed).toEqual([
      ['4', '9'],
      ['1', '9'],
      ['3', '4'],
    ]);
    expect(description).toMatchObject({
      testCandidatesPositivesRemoved: 1,
      testCandidatesRepeatsRemoved: 1,
      testCandidatesUsersIgnored: 0,
      nTrain: 5,
      nTest: 3,
      nTestRowsInTrain: 0,
      nTestItemsNotInTrain: 1,
      nTestUsersNotInTrain: 0,
    });
  });
  it('take candidates in the plain form too', async () => {
    const plain = write('plain.txt', '0 4 9\n1 1 9\n2 3 4\n7 1\n');
    const given = await load({}, { candidates: plain });
    const ncf = await load({}, { candidates: negative });
    expect(given.testCandidates).toEqual(ncf.testCandidates);
    expect(given.description.testCandidatesUsersIgnored).toBe(1);
  });
  it('leave out columns that only some files have, with a warning', async () => {
    const { dataset } = await load({}, {});
    expect(dataset.interactions.rating).toBeNull();
    expect(dataset.interactions.time).toBeNull();
    expect(dataset.warnings.filter((line) => line.includes('left out')).length).toBe(2);
  });
  it('take a validation file and its candidates', async () => {
    const validation = write('validation.tsv', '0\t4\n2\t3\n');
    const validationCandidates = write('validation.txt', '0\t9\n2\t4\n');
    const split = await load({}, { validation, validationCandidates });
    expect(pairs(split.dataset, split.validation)).toEqual(['0>4', '2>3']);
    expect(split.validationCandidates!.columns.length).toBe(2);
    expect(split.description).toMatchObject({ nValidation: 2, nValidationItemsNotInTrain: 1 });
  });
  it('count held-out pairs that training has too', async () => {
    const split = await load({}, { test: write('leak.tsv', '0\t1\n1\t9\n5\t2\n') });
    expect(split.description).toMatchObject({ nTestRowsInTrain: 1, nTestUsersNotInTrain: 1, nTestItemsNotInTrain: 1 });
    expect(split.dataset.warnings.join('\n')).toMatch(/1 held-out .* training/);
  });
  it('take lists of items (LightGCN)', async () => {
    const files = [write('l.train.txt', '0 1 2\n1 2 3\n')];
    const split = await load({ files, format: 'lists' }, { test: write('l.test.txt', '0 3\n1 1\n') });
    expect(pairs(split.dataset, split.test)).toEqual(['0>3', '1>1']);
  });
  it.each<[string, Partial<DataOptions>, Partial<SplitOptions>, string]>([
    ['a k-core', { kCore: { user: 2 } }, {}, 'config'],
    ['validation candidates without validation rows', {}, { validationCandidates: negative }, 'config'],
    ['an unknown key', {}, { tests: 'x' } as never, 'config'],
    ['a missing test file', {}, { test: 'nowhere.tsv' }, 'data'],
    ['a missing candidates file', {}, { candidates: 'nowhere.tsv' }, 'data'],
    ['a held-out user without candidates', {}, { candidates: write('few.txt', '0\t4\n1\t9\n') }, 'data'],
    ['candidates of another test file', {}, { candidates: write('other.txt', '(0,2)\t4\n') }, 'data'],
  ])('%s: an error', async (_, data, split, code) => {
    expect(await codeOf(() => load(data, split))).toBe(code);
    expect(await messageOf(() => load(data, split))).not.toContain('\n');
  });
  it('any other method splits the data files', async () => {
    const split = await loadSplit({ files: [train] }, { method: 'leave-one-out', by: 'order', validation: 'none' });
    expect(pairs(split.dataset, split.test)).toEqual(['0>2', '1>3']);
  });
});
