import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import type { Model } from '../../../src/examples/model.ts';
import { modelsOf } from '../../../src/models/index.ts';
import { testRandom } from '../../data/made-data.ts';
import { madeSplit, type Pair, smallSettings, trainSmall } from '../made-worlds.ts';
import { type OptionField, optionFields } from '../option-fields.ts';
import { thrownCode } from '../thrown-code.ts';
import { weightBytes } from '../weight-bytes.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const random = testRandom(11);
const pairs = Array.from({ length: 10 * 14 }, (_, k): Pair => [Math.floor(k / 14), k % 14]);
const unrated = madeSplit(10, 14, { train: pairs.filter(([, item]) => random(14) > item) });
const rating = Float32Array.from(unrated.train.userIndex, () => 1 + random(5));
const split = { ...unrated, train: { ...unrated.train, rating } };

/** Options whose default is off, and on which others act. */
const switchedOn: Readonly<Record<string, object>> = { ials: { confidence: 1 } };

/** Values that a field must refuse. */
function badValues({ type, enum: choices }: OptionField): unknown[] {
  if (choices) return ['no such choice', 3];
  if (type === 'integer') return [-1, 1.5, 1e12, 'many', null];
  if (type === 'number') return [-1, Number.NaN, Number.POSITIVE_INFINITY, 'much'];
  if (type === 'boolean') return ['yes', 1];
  return [[], [-4, 2], 'wide'];
}

/** Values that a field might take instead of `value`; the schema tells which it does take. */
function otherValues({ enum: choices, type }: OptionField, value: unknown): unknown[] {
  if (choices) return choices.filter((choice) => choice !== value);
  if (type === 'boolean') return [!value];
  if (type === 'integer') return [Number(value) + 1, 1, 2, 3];
  if (type === 'number') return [Number(value) * 1.5, Number(value) / 2, 0.3, 0, 1];
  return [
    [...(value as number[]), 3],
    [2, 3],
  ];
}

/** Weights and recommendations, or null where the schema refuses the options. */
async function outcome(model: Model, config: object): Promise<string | null> {
  if (!model.options.safeParse(config).success) return null;
  const training = model.learn.by === 'gradients' ? { epochs: 2, batchSize: 64 } : {};
  const { recommender } = await trainSmall(engine, split, model, { config, training });
  const lists = recommender.parts.users.ids.map((id) => recommender.recommend({ user: id }, { includeSeen: true }));
  recommender.close();
  return `${weightBytes(recommender.parts.weights)} ${JSON.stringify(lists)}`;
}

describe.each(models)('options of $name', (model) => {
  const fields = optionFields(model.options);
  const defaults = model.options.parse({ ...smallSettings(model).config, ...switchedOn[model.name] }) as Record<
    string,
    unknown
  >;
  // switches and choices under which other options have something to act on
  const contexts = fields.flatMap(([name, { type, enum: choices }]): Record<string, unknown>[] =>
    choices ? choices.map((choice) => ({ [name]: choice })) : type === 'boolean' ? [{ [name]: true }] : [],
  );

  it('are explained and have a default', () => {
    for (const [name, field] of fields) {
      expect(field.doc, name).toMatch(/\S{2}/);
      expect(field, name).toHaveProperty('default');
    }
    expect(() => model.options.parse({})).not.toThrow();
  });

  it('are refused out of range, of another type or unknown', async () => {
    const refused = (config: object) => thrownCode(() => trainSmall(engine, split, model, { config }));
    expect(await refused({ factorz: 8 })).toBe('config');
    for (const [name, field] of fields)
      for (const value of badValues(field))
        expect(await refused({ [name]: value }), `${name} = ${value}`).toBe('config');
  });

  it('all do something, each value of each choice included', async () => {
    for (const [name, field] of fields) {
      const changed = new Set<unknown>();
      const values = otherValues(field, defaults[name]);
      for (const context of [{}, ...contexts.filter((context) => !(name in context))]) {
        const base = { ...defaults, ...context };
        const before = await outcome(model, base);
        for (const value of values) {
          if (changed.has(value)) continue;
          const after = await outcome(model, { ...base, [name]: value });
          if (after !== null && after !== before) changed.add(value);
          if (changed.size > 0 && !field.enum) break;
        }
        if (changed.size > 0 && !field.enum) break;
      }
      expect(changed.size, name).toBeGreaterThanOrEqual(field.enum ? values.length : 1);
    }
  });
});
