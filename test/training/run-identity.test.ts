import { describe, expect, it } from 'vitest';
import { noProgress } from '../../src/training/checkpoint.ts';
import { acceptCheckpoint, fingerprintOf, type RunIdentity } from '../../src/training/run-identity.ts';

const identity: RunIdentity = {
  data: 'aaaa',
  split: { method: 'leave-one-out', seed: 1 },
  model: 'gmf',
  config: { factors: 8 },
  training: { epochs: 20, optimizer: { learningRate: 0.1 } },
  seed: 1,
};

/** What is said when a checkpoint of `former` meets a run of `identity`. */
function told(former: string): { lines: string[]; message: string } {
  const lines: string[] = [];
  const progress = { start: () => ({ update() {}, end() {} }), log: (line: string) => void lines.push(line) };
  const checkpoint = {
    fingerprint: former,
    progress: { ...noProgress, epochsDone: 3 },
    tensors: new Map(),
    origin: 'run.partial',
  };
  try {
    acceptCheckpoint(checkpoint, fingerprintOf(identity), progress);
    return { lines, message: '' };
  } catch (error) {
    return { lines, message: (error as Error).message };
  }
}

describe('a checkpoint and the run that resumes it', () => {
  it('go on when they are the same', () => {
    expect(told(fingerprintOf({ ...identity }))).toEqual({
      lines: ['resuming after epoch 3 from run.partial'],
      message: '',
    });
  });

  const training = (changes: object) => ({ ...identity, training: { ...(identity.training as object), ...changes } });
  it.each<[string, RunIdentity, string]>([
    ['epochs', training({ epochs: 30 }), 'training.epochs was 30 and is 20 now'],
    [
      'the learning rate',
      training({ optimizer: { learningRate: 0.2 } }),
      'training.optimizer.learningRate was 0.2 and is 0.1 now',
    ],
    ['a setting of one alone', training({ negatives: 4 }), 'training.negatives was 4 and is not set now'],
    [
      'the split',
      { ...identity, split: { method: 'ratio', seed: 1 } },
      'split.method was "ratio" and is "leave-one-out" now',
    ],
    [
      'the seed and a list',
      { ...identity, seed: 2, config: { factors: [8] } },
      'config.factors was [8] and is 8 now; seed was 2 and is 1 now',
    ],
    ['the model alone', { ...identity, model: 'mlp', config: { hidden: [4] } }, 'model was mlp and is gmf now'],
    [
      'the data',
      { ...identity, data: 'bbbb', split: { method: 'leave-one-out', seed: 1, nTrain: 3 } },
      'the data are others',
    ],
  ])('are refused without a word of resuming: %s', (_, former, difference) => {
    const { lines, message } = told(fingerprintOf(former));
    expect(lines).toEqual([]);
    expect(message).toBe(
      `resume: run.partial belongs to another run: ${difference}; repeat the command of that run, or start anew without --resume`,
    );
  });

  it('are refused when nothing says what the checkpoint is of', () => {
    expect(told('0123abcd').message).toContain('data, model, settings or seed differ');
  });

  it('name a few differences of many', () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`option${n}`, n]));
    expect(told(fingerprintOf({ ...identity, config: { factors: 8, ...many } })).message).toContain('; and 4 more;');
  });
});
