import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fieldModels, findFieldModel } from '../../src/models/field-models.ts';
import { models } from '../../src/models/index.ts';
import { fieldTrainingOptions, resolveFieldTraining } from '../../src/training/field-options.ts';
import { optionFields } from './option-fields.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('the list holds every feature model of src/models once, under names of its own', () => {
  const defining = readdirSync(`${root}src/models`).filter((file) =>
    /^export const \w+ = fieldModel\(/m.test(readFileSync(`${root}src/models/${file}`, 'utf8')),
  );
  const names = [...models, ...fieldModels].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(defining.sort()).toEqual(fieldModels.map(({ name }) => `${name}.ts`).sort());
  for (const model of fieldModels) expect(findFieldModel(model.name)).toBe(model);
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
    expect(() => resolveFieldTraining(model.trainingDefaults, {})).not.toThrow();
  });
});

it('explains every training setting', () => {
  for (const [name, { doc }] of optionFields(fieldTrainingOptions))
    if (name !== 'optimizer') expect(doc, name).toMatch(/\w{3}/);
});
