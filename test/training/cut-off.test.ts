import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { findModel } from '../../src/models/index.ts';
import type { EpochRecord } from '../../src/training/checkpoint.ts';
import { cutOffOf, describeCutOff } from '../../src/training/cut-off.ts';
import { checkerboard, trainSmall } from '../models/made-worlds.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const log = (...validations: (number | null)[]): EpochRecord[] =>
  validations.map((validation, n) => ({
    model: 'gmf',
    epoch: n + 1,
    loss: 1,
    validation,
    seconds: 1,
    examplesPerSecond: 1,
  }));

describe('training is cut off', () => {
  it('when the last epoch is the best one', () => {
    const cutOff = cutOffOf(log(0.1, 0.3, 0.2, 0.35), 4, 4);
    expect(cutOff).toEqual({ setting: 'training.epochs', epochs: 4, from: 0.3, to: 0.35 });
    expect(describeCutOff(cutOff!)).toBe(
      'training was cut off at epochs = 4: validation was still rising (0.3000 → 0.3500); raise --epochs (training.epochs)',
    );
  });

  it('with looks that are epochs apart', () => {
    expect(cutOffOf(log(null, 0.1, null, 0.2, 0.3), 5, 5)).toMatchObject({ from: 0.2, to: 0.3 });
  });

  it('is told of errors as they are, though they are kept with their sign turned', () => {
    expect(describeCutOff(cutOffOf(log(-0.95, -0.91), 2, 2)!)).toContain('still falling (0.9500 → 0.9100)');
  });

  it('is told of a single look as what it is', () => {
    expect(describeCutOff(cutOffOf(log(0.2), 1, 1)!)).toContain('one look at validation cannot tell');
  });

  it('not by patience, not with an earlier best epoch, not without validation, not without epochs', () => {
    expect(cutOffOf(log(0.1, 0.3, 0.2, 0.2), 9, 2)).toBeNull();
    expect(cutOffOf(log(0.1, 0.3, 0.2, 0.25), 4, 2)).toBeNull();
    expect(cutOffOf(log(null, null), 2, 0)).toBeNull();
    expect(cutOffOf([], 3, 0)).toBeNull();
  });

  it('is in the account of a run', async () => {
    const model = findModel('gmf');
    const optimizer = { learningRate: 0.01 };
    const ofRun = async (part: 'validation' | 'test', training: object) =>
      (await trainSmall(engine, checkerboard(12, part), model, { training: { optimizer, ...training } })).account;
    expect((await ofRun('validation', { epochs: 2 })).cutOff).toMatchObject({ epochs: 2 });
    expect((await ofRun('validation', { epochs: 500, patience: 1 })).cutOff).toBeNull();
    expect((await ofRun('test', { epochs: 2 })).cutOff).toBeNull();
  });
});
