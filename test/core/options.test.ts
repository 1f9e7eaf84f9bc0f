import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseOptions } from '../../src/core/options.ts';

const schema = z.strictObject({
  data: z.union([
    z.strictObject({ files: z.array(z.string()).min(1), format: z.enum(['csv', 'json']).default('csv') }),
    z.strictObject({ simulated: z.strictObject({ nUsers: z.int().min(1).default(10) }) }),
  ]),
});

function messageOf(data: unknown): string {
  try {
    parseOptions(schema, { data }, 'run');
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
}

describe('what is wrong with a value of several forms', () => {
  it.each([
    [
      'a misspelt key',
      { files: ['a'], fromat: 'csv' },
      'run: "data.fromat" is not a known option; did you mean "format"?',
    ],
    [
      'a key like no other',
      { files: ['a'], q: 1 },
      'run: "data.q" is not a known option; known: files, format, simulated',
    ],
    [
      'a key of the other form',
      { simulatd: {} },
      'run: "data.simulatd" is not a known option; did you mean "simulated"?',
    ],
    [
      'a key within one form',
      { simulated: { nUser: 3 } },
      'run: "data.simulated.nUser" is not a known option; did you mean "nUsers"?',
    ],
    ['a value within one form', { simulated: { nUsers: 0 } }, /^run: "data.simulated.nUsers": too small/],
    ['no object at all', 7, 'run: "data": expected object, found 7'],
  ])('is said: %s', (_, data, message) => {
    if (typeof message === 'string') expect(messageOf(data)).toBe(message);
    else expect(messageOf(data)).toMatch(message);
  });

  it('lists nothing where nothing is known', () => {
    expect(() => parseOptions(z.strictObject({}), { a: 1 }, 'call')).toThrow(/^call: "a" is not a known option$/);
  });
});
