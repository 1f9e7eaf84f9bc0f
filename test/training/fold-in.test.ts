import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { models } from '../../src/models/index.ts';
import type { GradientModel } from '../../src/models/model.ts';
import { foldIn } from '../../src/training/fold-in.ts';
import { trainingOptions } from '../../src/training/options.ts';
import { checkerboard, SIDE, trainSmall } from '../models/made-worlds.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

/** New people and the items they took, in no order. */
const histories = [
  [4, 10, 2, 16],
  [7, 1, 13, 21],
  [20, 6, 12, 0],
];

describe.each(models.filter(({ kind }) => kind === 'gradient'))('fold-in of several people with $name', (model) => {
  it('gives each a taste of their own and leaves the trained weights alone', async () => {
    const { recommender } = await trainSmall(engine, checkerboard(), model);
    const { weights, info } = recommender.parts;
    const before = weightBytes(weights);
    const row = histories.flatMap((items, person) => items.map(() => person));
    const { scorer } = foldIn({
      engine,
      model: model as unknown as GradientModel,
      config: model.options.parse(info.model.config),
      training: trainingOptions.parse(info.training),
      sizes: { nUsers: SIDE, nItems: SIDE },
      weights,
      histories: sparseRows(histories.length, Int32Array.from(row), Int32Array.from(histories.flat())),
      random: new RandomStream(1, 'fold-in'),
    });
    const tables = new RankingTables(engine, scorer.form, SIDE);
    const { topItems } = tables.rank({ users: Int32Array.of(0, 1, 2), topK: 8 });
    const colours = Array.from(topItems, (item) => item % 2);
    expect(colours).toEqual([0, 1, 0].flatMap((colour) => Array(8).fill(colour)));
    expect(weightBytes(weights)).toBe(before);
    tables.free();
    scorer.free();
    recommender.close();
  });
});
