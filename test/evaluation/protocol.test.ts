import { describe, expect, it } from 'vitest';
import { DeepTasteError } from '../../src/core/errors.ts';
import { parseMetric } from '../../src/evaluation/metric-name.ts';
import { assertComparable, type Protocol, protocolSchema } from '../../src/evaluation/protocol.ts';
import { protocolOf } from './protocol-of.ts';
import { thrownCode } from './thrown-code.ts';

/** The fields that the refusal names; null when it is allowed. */
function refusedFields(a: Protocol, b: Protocol, metric: string | null = null): string[] | null {
  try {
    assertComparable(a, b, metric === null ? null : parseMetric(metric));
  } catch (error) {
    if (!(error instanceof DeepTasteError) || error.code !== 'protocol') throw error;
    return (error.details.differences as { field: string }[]).map((difference) => difference.field);
  }
  return null;
}

describe('protocol', () => {
  it('survives JSON, refuses unknown or missing fields', () => {
    const listed = protocolOf({ candidates: { listed: 'uniform', n: 99 } });
    expect(protocolSchema.parse(JSON.parse(JSON.stringify(listed)))).toEqual(listed);
    expect(protocolSchema.safeParse({ ...protocolOf(), colour: 'red' }).success).toBe(false);
    expect(protocolSchema.safeParse({ ...protocolOf(), tieRule: 'luck' }).success).toBe(false);
    expect(protocolSchema.safeParse({ ...protocolOf(), split: {} }).success).toBe(false);
  });

  const differing: [string, Partial<Protocol>, string[]][] = [
    ['other data', { data: { name: 'films', hash: 'xyz' } }, ['data.hash']],
    ['data of another name', { data: { name: 'movies', hash: 'xyz' } }, ['data.name', 'data.hash']],
    ['other split', { split: { method: 'ratio', test: 0.1, seed: 1 } }, ['split.test']],
    ['split with one more option', { split: { method: 'ratio', test: 0.2, seed: 1, minimum: 5 } }, ['split.minimum']],
    ['part', { part: 'validation' }, ['part']],
    ['candidates', { candidates: { listed: 'uniform', n: 99 } }, ['candidates', 'candidates.listed', 'candidates.n']],
    ['filter', { filter: 'train+validation' }, ['filter']],
    ['ties', { tieRule: 'optimistic' }, ['tieRule']],
    ['cutoffs', { cutoffs: [10] }, ['cutoffs']],
    ['users', { nUsers: 4 }, ['nUsers']],
    ['some users', { drawnUsers: { of: 9, seed: 1 } }, ['drawnUsers.of', 'drawnUsers.seed']],
    ['taken before', { takenBefore: { n: 2, of: 9 } }, ['takenBefore.n', 'takenBefore.of']],
    ['next item', { nextItem: { nEvents: 9, nMisses: 1 } }, ['nextItem.nEvents', 'nextItem.nMisses']],
    ['two at once', { part: 'validation', filter: 'none' }, ['part', 'filter']],
  ];
  it.each(differing)('%s: refused, the field is named', (_case, changes, fields) => {
    expect(refusedFields(protocolOf(), protocolOf(changes))).toEqual(fields);
  });

  it('every field of the record is looked at', () => {
    const seen = new Set(differing.flatMap(([, changes]) => Object.keys(changes)));
    expect([...seen, 'seed', 'untrained', 'versions'].sort()).toEqual(Object.keys(protocolSchema.shape).sort());
  });

  it('lists of candidates of unlike size or kind are unlike', () => {
    const a = protocolOf({ candidates: { listed: 'uniform', n: 99 } });
    expect(refusedFields(a, protocolOf({ candidates: { listed: 'uniform', n: 100 } }))).toEqual(['candidates.n']);
  });

  it('seed, versions and the name of the same data are notes', () => {
    const b = protocolOf({
      seed: 2,
      data: { name: 'movies', hash: 'abc' },
      versions: { deeptaste: '0.1.0', node: '20.0.0', kernels: 'plain' },
    });
    const notes = assertComparable(protocolOf(), b).map((note) => note.field);
    expect(notes).toEqual(['data.name', 'seed', 'versions.node', 'versions.kernels']);
  });

  it('the order of keys is of no consequence', () => {
    expect(refusedFields(protocolOf(), protocolOf({ split: { seed: 1, test: 0.2, method: 'ratio' } }))).toBeNull();
    expect(assertComparable(protocolOf(), protocolOf())).toEqual([]);
  });

  it('for one metric, only its cutoff has to be in both', () => {
    expect(refusedFields(protocolOf(), protocolOf({ cutoffs: [10, 20] }), 'hr@10')).toBeNull();
    expect(refusedFields(protocolOf(), protocolOf({ cutoffs: [10, 20] }), 'mrr')).toBeNull();
    expect(refusedFields(protocolOf(), protocolOf({ cutoffs: [10, 20] }), 'hr@5')).toEqual(['cutoffs']);
    expect(thrownCode(() => assertComparable(protocolOf(), protocolOf({ part: 'validation' }), null))).toBe('protocol');
  });
});
