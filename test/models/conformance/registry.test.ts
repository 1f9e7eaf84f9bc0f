import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { findModel, models } from '../../../src/models/index.ts';
import { checkerboard, trainSmall } from '../made-worlds.ts';
import { thrownCode } from '../thrown-code.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The parts of JSON Schema that options use. */
interface Field {
  readonly type: string;
  readonly doc?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
}

const fieldsOf = (options: z.ZodType): [string, Field][] => {
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  return Object.entries(schema.properties ?? {}) as [string, Field][];
};

/** Values that a field must refuse. */
function badValues({ type, enum: choices }: Field): unknown[] {
  if (choices) return ['no such choice', 3];
  if (type === 'integer') return [-1, 1.5, 1e12, 'many', null];
  if (type === 'number') return [-1, Number.NaN, Number.POSITIVE_INFINITY, 'much'];
  if (type === 'boolean') return ['yes', 1];
  return [[], [-4, 2], 'wide'];
}

describe('the registry', () => {
  it('holds every model of src/models once', () => {
    const defining = readdirSync(`${root}src/models`).filter((file) =>
      /^export const \w+ = (gradient|fitted)Model\(/m.test(readFileSync(`${root}src/models/${file}`, 'utf8')),
    );
    const names = models.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(models.length).toBe(defining.length);
    const text = readFileSync(`${root}src/models/index.ts`, 'utf8');
    for (const file of defining) expect(text).toContain(`from './${file}'`);
  });

  it('finds models by name and refuses others', async () => {
    for (const model of models) expect(findModel(model.name)).toBe(model);
    expect(await thrownCode(() => findModel('neumff'))).toBe('usage');
    expect(await thrownCode(() => findModel(''))).toBe('usage');
  });
});

describe.each(models)('$name', (model) => {
  const fields = fieldsOf(model.options);

  it('explains every option and gives it a default', () => {
    for (const [name, field] of fields) {
      expect(field.doc, name).toMatch(/\S{2}/);
      expect(field, name).toHaveProperty('default');
    }
    expect(() => model.options.parse({})).not.toThrow();
  });

  it('refuses options out of range, of another type or unknown', async () => {
    const split = checkerboard(4);
    const refused = (config: object) => thrownCode(() => trainSmall(engine, split, model, { config }));
    expect(await refused({ factorz: 8 })).toBe('config');
    for (const [name, field] of fields)
      for (const value of badValues(field))
        expect(await refused({ [name]: value }), `${name} = ${value}`).toBe('config');
  });

  it('has a page that names every option', () => {
    const path = `${root}docs/models/${model.name}.md`;
    expect(existsSync(path), path).toBe(true);
    const page = readFileSync(path, 'utf8');
    for (const [name] of fields) expect(page).toContain(`\`${name}\``);
    expect(readFileSync(`${root}docs/models/README.md`, 'utf8')).toContain(`(${model.name}.md)`);
  });
});
