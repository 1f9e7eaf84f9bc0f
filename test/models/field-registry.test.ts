import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rowSettings } from '../../src/examples/row-settings.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { findModelOf, models, modelsOf } from '../../src/models/index.ts';
import { optionFields } from './option-fields.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const fieldModels = modelsOf('rows');

it('the list holds every feature model of src/models once, under names of its own', () => {
  const defining = readdirSync(`${root}src/models`).filter((file) =>
    /^export const \w+ = rowModel\(/m.test(readFileSync(`${root}src/models/${file}`, 'utf8')),
  );
  const names = models.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(defining.sort()).toEqual(fieldModels.map(({ name }) => `${name}.ts`).sort());
  for (const model of fieldModels) expect(findModelOf('rows', model.name)).toBe(model);
});

describe.each(fieldModels)('$name', (model) => {
  it('has a page that names every option with its default, and explains each', () => {
    const path = `${root}docs/models/${model.name}.md`;
    expect(existsSync(path), path).toBe(true);
    const page = readFileSync(path, 'utf8');
    const defaults = model.options.parse({}) as Record<string, unknown>;
    for (const [name, { doc }] of optionFields(model.options)) {
      const value = Array.isArray(defaults[name]) ? `[${defaults[name].join(', ')}]` : String(defaults[name]);
      expect(page).toContain(`| \`${name}\` | ${value} |`);
      expect(doc, name).toMatch(/\w{3}/);
    }
    expect(readFileSync(`${root}docs/models/README.md`, 'utf8')).toContain(`(${model.name}.md)`);
  });

  it('has training defaults that are settings', () => {
    expect(() => resolveTraining(model, {})).not.toThrow();
  });
});

it('explains every training setting', () => {
  for (const [name, { doc }] of optionFields(rowSettings)) if (name !== 'optimizer') expect(doc, name).toMatch(/\w{3}/);
});
