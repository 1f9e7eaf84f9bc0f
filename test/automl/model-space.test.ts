/** What is searched of every model of the list. */
import { describe, expect, it } from 'vitest';
import { holds, range } from '../../src/automl/domain.ts';
import { addressOf, defaultPoint, modelSpace, settingsAt, shortName } from '../../src/automl/model-space.ts';
import { randomSearch } from '../../src/automl/random-search.ts';
import { exists } from '../../src/automl/sampler.ts';
import { objectSchema } from '../../src/core/options.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { AnyModel } from '../../src/examples/model.ts';
import { parseModelOptions } from '../../src/examples/model-options.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { findModel, models } from '../../src/models/index.ts';

const nothing = { config: {}, training: {} };
const requestOf = (model: AnyModel, more: object = {}) => ({
  model: model as never,
  fixed: nothing,
  ofTask: model.form === 'rows' ? { task: 'click' } : {},
  sizes: { nUsers: 1000, nItems: 500, nInteractions: 50_000 },
  has: () => true,
  ...more,
});

describe.each(models.map((model) => [model.name, model] as const))('%s', (_, model) => {
  const request = requestOf(model);
  const space = modelSpace(request);

  it('is searched wherever it has options', () => {
    const hasOptions = Object.keys(objectSchema(model.options).shape).length > 0;
    expect(space.length > 0).toBe(hasOptions || model.learn.by === 'gradients');
    if (model.learn.by === 'gradients')
      expect(space.map(({ name }) => name)).toContain('training.optimizer.learningRate');
  });

  it('has its own defaults among what is searched', () => {
    const point = defaultPoint(request, space);
    for (const parameter of space)
      if (exists(parameter, point))
        expect([parameter.name, holds(parameter.domain, point[parameter.name])]).toEqual([parameter.name, true]);
  });

  it('takes what is drawn from its ranges', () => {
    let refused = 0;
    for (let n = 0; n < 60; n++) {
      const settings = settingsAt(nothing, randomSearch.propose(space, [], new RandomStream(1, `draw ${n}`)));
      try {
        parseModelOptions(model as never, { ...settings.config });
        resolveTraining(model, { ...settings.training, ...request.ofTask }, request.sizes);
      } catch {
        refused++; // options that contradict each other are drawn again
      }
    }
    expect(refused).toBeLessThan(30);
  });
});

describe('a space', () => {
  const names = (model: string, more: object = {}) =>
    modelSpace(requestOf(findModel(model), more)).map(({ name }) => name);

  it('leaves out what is set, and what has nothing to act on', () => {
    expect(names('bpr-mf')).toContain('config.factors');
    expect(names('bpr-mf', { fixed: { config: { factors: 32 }, training: {} } })).not.toContain('config.factors');
    expect(names('bpr-mf')).not.toContain('training.rankScale');
    expect(names('bpr-mf', { fixed: { config: {}, training: { negativeSampler: 'aobpr' } } })).toContain(
      'training.rankScale',
    );
    expect(names('bpr-mf', { fixed: { config: {}, training: { loss: 'softmax' } } })).not.toContain(
      'training.negatives',
    );
    expect(names('fm')).not.toContain('training.negatives');
    expect(names('fm', { ofTask: { task: 'ranking' } })).toContain('training.negatives');
    expect(names('lightgcn')).toContain('config.socialWeight');
    expect(names('lightgcn', { has: () => false })).not.toContain('config.socialWeight');
    expect(names('ials', { has: () => false })).not.toContain('config.confidence');
  });

  it('depends on another option that is searched', () => {
    const space = modelSpace(
      requestOf(findModel('sasrec'), { ranges: { 'config.loss': ['binary-cross-entropy', 'cross-entropy'] } }),
    );
    const at = (name: string) => space.findIndex((parameter) => parameter.name === name);
    expect(space[at('config.negatives')].when).toEqual([{ name: 'config.loss', values: ['binary-cross-entropy'] }]);
    expect(at('config.loss')).toBeLessThan(at('config.negatives'));
    expect(exists(space[at('config.negatives')], { 'config.loss': 'cross-entropy' })).toBe(false);
  });

  it('is as wide around a default that lies outside of the declared range', () => {
    const [l2] = modelSpace(requestOf(findModel('bpr-mf'))).filter(({ name }) => name === 'training.optimizer.l2');
    expect(l2.domain).toMatchObject({ kind: 'number', log: true });
    const { low, high } = l2.domain as ReturnType<typeof range>;
    expect(high / low).toBeCloseTo(100, 6);
    expect(holds(l2.domain, 0)).toBe(true);
  });

  it('takes ranges of somebody else', () => {
    const ranges = {
      'config.factors': { low: 4, high: 400 },
      'training.optimizer.l2': { low: 0, high: 1, scale: 'linear' as const },
    };
    const space = modelSpace(requestOf(findModel('bpr-mf'), { ranges }));
    const domainOf = (name: string) => space.find((parameter) => parameter.name === name)?.domain;
    expect(domainOf('config.factors')).toEqual(range(4, 400, { integer: true, log: true }));
    expect(domainOf('training.optimizer.l2')).toEqual(range(0, 1));
  });

  it.each([
    ['upside down', { 'config.factors': { low: 64, high: 8 } }],
    ['of one value', { 'config.factors': [64] }],
    ['below 0 on a logarithmic scale', { 'config.factors': { low: 0, high: 8, scale: 'log' } }],
    ['beyond what the option takes', { 'config.factors': [0, 64] }],
    ['of no option', { 'config.factor': [8, 64] }],
    ['of what is set', { 'training.batchSize': [256, 512] }],
  ])('refuses a range %s', (_, ranges) => {
    const fixed = { config: {}, training: { batchSize: 512 } };
    expect(() => modelSpace(requestOf(findModel('bpr-mf'), { fixed, ranges }))).toThrow(
      expect.objectContaining({ code: 'config' }),
    );
  });

  it('names options as people do', () => {
    for (const name of ['factors', 'optimizer.l2', 'training.batchSize']) expect(shortName(addressOf(name))).toBe(name);
  });
});
