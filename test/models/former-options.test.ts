/** Options under their names of version 0.1: refused with what to write today, translated where a run kept them. */
import { describe, expect, it } from 'vitest';
import { currentOptions, parseModelOptions } from '../../src/examples/model-options.ts';
import { findModel, models } from '../../src/models/index.ts';
import { currentSettings, parseAnyRunSettings } from '../../src/runs/any-settings.ts';

/** What version 0.1 kept of a model, what it is today, and what a person who writes it is told. */
const cases = [
  ['mlp', { layers: [64, 32, 16] }, { factors: 32, hidden: [32, 16] }, 'factors=32, hidden=[32,16]'],
  ['neumf', { factors: 8, layers: [6, 4] }, { factors: 8, mlpFactors: 3, hidden: [4] }, 'mlpFactors=3, hidden=[4]'],
  ['gru4rec', { units: [100, 50] }, { hidden: [100, 50] }, 'hidden=[100,50]'],
  ['gru4rec', { embeddingSize: 7 }, { factors: 7 }, 'factors=7'],
  ['gru4rec', { regularisation: 0.5 }, { regularization: 0.5 }, 'regularization=0.5'],
  ['sasrec', { units: 32 }, { factors: 32 }, 'factors=32'],
  ['sasrec', { samples: 9 }, { sharedNegatives: 9 }, 'sharedNegatives=9'],
  ['gru4rec', { sampleAlpha: 0.25 }, { popularityExponent: 0.25 }, 'popularityExponent=0.25'],
] as const;

describe.each(cases)('%s %j', (name, former, current, written) => {
  const model = findModel(name);

  it('is translated where it was kept', () => {
    expect(currentOptions(model, former)).toEqual(current);
    expect(currentOptions(model, current)).toEqual(current);
  });

  it('is refused with what to write', () => {
    const message = `is now called`;
    expect(() => parseModelOptions(model, former)).toThrow(message);
    expect(() => parseModelOptions(model, former)).toThrow(`; write ${written}`);
    expect(parseModelOptions(model, current)).toMatchObject(current);
  });

  it('is read in the settings of a run that kept it', () => {
    const kept = { data: { files: ['x.csv'] }, model: name, config: former };
    expect(parseAnyRunSettings(currentSettings(kept)).config).toEqual(current);
  });
});

it('names of no use are told without a value', () => {
  expect(() => parseModelOptions(findModel('mlp'), { layers: 'three' })).toThrow(
    'options of model mlp: "layers" is now called "factors" and "hidden"',
  );
});

it('no former name is an option of today', () => {
  for (const { former = {}, options, name } of models)
    for (const key of Object.keys(former)) {
      const { error } = options.safeParse({ [key]: 1 });
      expect(error?.issues[0].code, `${name}.${key}`).toBe('unrecognized_keys');
    }
});
