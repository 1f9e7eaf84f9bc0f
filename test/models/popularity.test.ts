import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { popularity } from '../../src/models/popularity.ts';
import { fitted } from './fitted.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

describe('popularity', () => {
  it('counts the users of an item, the same for everybody', async () => {
    const counts = [1 + 1, 1, 1 + 1 + 1, 0];
    const { scores } = await fitted(engine, popularity, [[0, 2], [], [1, 2], [0, 2]], 4);
    expect(scores).toEqual([counts, counts, counts, counts]);
  });

  it('a new person gets the same scores', async () => {
    const { weights, config, sizes } = await fitted(engine, popularity, [[0], [0, 1]], 2);
    const { vector, how } = popularity.foldIn!(weights, sizes, config, Int32Array.of(1));
    expect([...vector]).toEqual([1]);
    expect(how).not.toBe('');
  });

  it('without interactions every item scores 0', async () => {
    expect((await fitted(engine, popularity, [[], []], 3)).scores).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('has no options', () => {
    expect(popularity.options.safeParse({ power: 1 }).success).toBe(false);
  });
});
