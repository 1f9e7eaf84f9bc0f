/** Two levels: which rows each learns from, when the upper level moves, and that neither moves what is not its own. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { splitRows } from '../../src/examples/bilevel.ts';
import { openRows } from '../../src/examples/open-rows.ts';
import { rowSettings } from '../../src/examples/row-settings.ts';
import { autoField } from '../../src/models/auto-field.ts';
import { autoFm } from '../../src/models/auto-fm.ts';
import { crossedLayout, layout, makeWorld } from '../models/field-world.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());
const world = makeWorld(200);

describe('rows of two levels', () => {
  it('are all rows, each in one part, with its own fields and label', () => {
    const { examples } = world;
    const { lower, upper } = splitRows(examples, 0.3, new RandomStream(2, 'rows'));
    expect([lower.nRows, upper.nRows]).toEqual([140, 60]);
    const rowsIn = (part: typeof examples) =>
      Array.from({ length: part.nRows }, (_, r) => {
        const { context, crosses } = part;
        const own = (rows: typeof context) =>
          rows ? [...rows.index.subarray(r * rows.slots, (r + 1) * rows.slots)] : [];
        return [part.user?.[r], part.item?.[r], ...own(context), ...own(crosses), part.label[r]].join();
      });
    expect([...rowsIn(lower), ...rowsIn(upper)].sort()).toEqual(rowsIn(examples).sort());
    expect(crossedLayout.crosses).toHaveLength(1);
    const again = splitRows(examples, 0.3, new RandomStream(2, 'rows'));
    expect([...again.upper.label]).toEqual([...upper.label]);
    const other = splitRows(examples, 0.3, new RandomStream(3, 'rows'));
    expect(rowsIn(other.upper)).not.toEqual(rowsIn(upper));
  });
});

describe('steps of two levels', () => {
  it('move scores after every few steps of the weights alone, and draw noise for each step', () => {
    const config = autoField.options.parse({
      factors: 2,
      hidden: [3],
      search: false,
      scoreEvery: 4,
      temperatureStep: 0.1,
    });
    const training = rowSettings.parse({ epochs: 2, batchSize: 20 });
    const data = { layout, examples: world.examples };
    const open = openRows(autoField, { engine, config, training, data, random: new RandomStream(1, 'training') });
    expect(open.nRows).toBe(160);
    expect(open.stepsPerEpoch).toBe(8);
    const read = (name: string) => [...open.store.read(open.store.named(name))];
    const scores: string[] = [];
    const noises = new Set<string>();
    for (let step = 0; step < 8; step++) {
      const before = read('V');
      open.run(0, step, 1);
      expect(read('V')).not.toEqual(before);
      scores.push(read('fields.score').join());
      noises.add(read('fields.noise').join());
      const sharpness = Math.fround(1 / (1 - 0.1 * step));
      expect(new Set(read('fields.sharpness'))).toEqual(new Set([sharpness]));
    }
    expect(new Set(scores.slice(0, 3))).toEqual(new Set([Array(layout.fields.length).fill(0).join()]));
    expect(new Set(scores.slice(3, 7)).size).toBe(1);
    expect(scores[3]).not.toBe(scores[2]);
    expect(scores[7]).not.toBe(scores[6]);
    expect(noises.size).toBe(8);
    open.free();
  });

  it('train no parameter that is kept', () => {
    const config = autoFm.options.parse({ factors: 3, deviation: 0.3 });
    const training = rowSettings.parse({ epochs: 1, batchSize: 20 });
    const data = { layout, examples: world.examples };
    const open = openRows(autoFm, { engine, config, training, data, random: new RandomStream(1, 'training') });
    const mask = Float32Array.from({ length: 10 }, (_, n) => n % 2);
    open.store.write(open.store.named('pairs.mask'), mask);
    const gate = open.store.read(open.store.named('pairs.gate'));
    open.run(0, 0, open.stepsPerEpoch);
    expect([...open.store.read(open.store.named('pairs.mask'))]).toEqual([...mask]);
    // gates of pairs that are left out have no gradient
    open.store.read(open.store.named('pairs.gate')).forEach((after, n) => {
      if (mask[n] === 0) expect(after).toBe(gate[n]);
      else expect(after).not.toBe(gate[n]);
    });
    open.free();
  });
});
