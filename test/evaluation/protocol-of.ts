import type { Protocol } from '../../src/evaluation/protocol.ts';

/** A protocol record with the given fields changed. */
export function protocolOf(changes: Partial<Protocol> = {}): Protocol {
  return {
    data: { name: 'films', hash: 'abc' },
    split: { method: 'ratio', test: 0.2, seed: 1 },
    part: 'test',
    candidates: 'all',
    filter: 'train',
    tieRule: 'expected',
    cutoffs: [5, 10],
    nUsers: 3,
    seed: 1,
    versions: { deeptaste: '0.1.0', node: '24.0.0', kernels: 'relaxed' },
    ...changes,
  };
}
