import { describe, expect, it } from 'vitest';
import { assign, parseAssignment } from '../../src/cli/assignments.ts';
import type { RunInput } from '../../src/tasks/ranking-settings.ts';

const files: RunInput = { data: { files: ['x'] }, model: 'gmf', config: { factors: 8 }, training: { epochs: 3 } };
const simulated: RunInput = { data: { simulated: { seed: 2 } }, model: 'gmf' };
const set = (settings: RunInput, ...texts: string[]) =>
  assign(
    settings,
    texts.map((text) => parseAssignment(text)),
    { own: ['factors', 'hidden'], former: ['layers'] },
    ['training.epochs', 'training.batchSize', 'optimizer.learningRate', 'evaluation.tieRule'],
  );

describe('--set', () => {
  it.each([
    ['factors=32', { config: { factors: 32 } }],
    ['hidden=[64,32]', { config: { factors: 8, hidden: [64, 32] } }],
    ['training.batchSize=512', { training: { epochs: 3, batchSize: 512 } }],
    ['optimizer.learningRate=1e-2', { training: { epochs: 3, optimizer: { learningRate: 0.01 } } }],
    ['optimizer.learningRate=.01', { training: { epochs: 3, optimizer: { learningRate: 0.01 } } }],
    ['optimizer.learningRate=+1.', { training: { epochs: 3, optimizer: { learningRate: 1 } } }],
    ['name=007', { name: '007' }],
    ['training.optimizer.name=sgd', { training: { epochs: 3, optimizer: { name: 'sgd' } } }],
    ['evaluation.tieRule=pessimistic', { evaluation: { tieRule: 'pessimistic' } }],
    ['split.method=time', { split: { method: 'time' } }],
    ['data.items=null', { data: { files: ['x'], items: null } }],
    ['refit=true', { refit: true }],
    ['name=a=b', { name: 'a=b' }],
  ])('%s', async (text, changed) => {
    expect(await set(files, text)).toEqual({ ...files, ...changed });
    expect(files).toEqual({ data: { files: ['x'] }, model: 'gmf', config: { factors: 8 }, training: { epochs: 3 } });
  });

  it('reaches the options of the simulated data, and makes later assignments last', async () => {
    const changed = await set(simulated, 'data.nUsers=100', 'factors=1', 'factors=2');
    expect(changed).toEqual({ ...simulated, data: { simulated: { seed: 2, nUsers: 100 } }, config: { factors: 2 } });
  });

  it.each([
    ['factors', 'usage'],
    ['=3', 'usage'],
    ['a b=3', 'usage'],
    ['__proto__.x=3', 'usage'],
    ['fctors=3', 'config'],
    ['epochs=3', 'config'],
    ['trainin.epochs=3', 'config'],
    ['config.fctors=3', 'config'],
    ['model=mlp', 'config'],
    ['training=3', 'config'],
  ])('refuses %s', async (text, code) => {
    await expect((async () => set(files, text))()).rejects.toMatchObject({ code });
  });

  it.each([
    ['epochs=3', 'training.epochs'],
    ['learningRate=3', 'optimizer.learningRate'],
    ['fctors=3', 'factors'],
  ])('names the nearest for %s', async (text, nearest) => {
    expect(() => set(files, text)).toThrow(`did you mean "${nearest}"`);
  });
});
