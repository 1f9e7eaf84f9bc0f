import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findModel, findModelOf, models, modelsOf } from '../../../src/models/index.ts';
import { optionFields } from '../option-fields.ts';
import { thrownCode } from '../thrown-code.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('the registry', () => {
  it('holds every model of src/models once', () => {
    const defining = readdirSync(`${root}src/models`).filter((file) =>
      /^export const \w+ = (pair|weightedPair|turn|row|rating|neighbourhood|session|window|recent)(Model|Solver)\(|^export const \w+ = sequenceSolver\(/m.test(
        readFileSync(`${root}src/models/${file}`, 'utf8'),
      ),
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

describe('models of any kind', () => {
  it('are found by name, which is theirs alone', async () => {
    expect(new Set(models.map(({ name }) => name)).size).toBe(models.length);
    for (const model of models) expect(findModel(model.name)).toBe(model);
    expect(await thrownCode(() => findModel('vsknnn'))).toBe('usage');
    expect(() => findModel('vsknnn')).toThrow(/did you mean "vsknn"/);
  });

  it('are refused, by what they learn from, where another form of data is needed', async () => {
    expect(models.map(({ form }) => form)).toContain('rows');
    for (const [form, name] of [
      ['pairs', 'vsknn'],
      ['pairs', 'deepfm'],
      ['sequences', 'ease'],
    ] as const) {
      expect(await thrownCode(() => findModelOf(form, name))).toBe('usage');
      expect(() => findModelOf(form, name)).toThrow(`found "${name}", one of the models`);
    }
    expect(() => findModel('neumff')).toThrow(/did you mean "neumf"/);
  });
});

describe.each(modelsOf('pairs'))('$name', (model) => {
  it('has a page that names every option', () => {
    const path = `${root}docs/models/${model.name}.md`;
    expect(existsSync(path), path).toBe(true);
    const page = readFileSync(path, 'utf8');
    for (const [name] of optionFields(model.options)) expect(page).toContain(`\`${name}\``);
    expect(readFileSync(`${root}docs/models/README.md`, 'utf8')).toContain(`(${model.name}.md)`);
  });
});
