import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { availableMemory } from '../../src/core/machine-memory.ts';

it('some of the memory that the computer has', () => {
  expect(availableMemory()).toBeGreaterThan(0);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});
