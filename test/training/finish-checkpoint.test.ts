import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { findModel } from '../../src/models/index.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { checkerboard, type RunChanges, trainSmall } from '../models/made-worlds.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());
const split = checkerboard(12, 'validation');

/** A run to its end, and its checkpoints. */
async function wholeRun(name: string, changes: RunChanges) {
  const checkpoints: Checkpoint[] = [];
  const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
  const run = await trainSmall(engine, split, findModel(name), { ...changes, onCheckpoint });
  return { run, checkpoints };
}

describe('a run that is finished from its checkpoint', () => {
  it('has the weights of the best epoch until then, measured, without another step', async () => {
    const training = { epochs: 12, patience: 0, optimizer: { learningRate: 0.05 } };
    const { run, checkpoints } = await wholeRun('gmf', { training });
    const resume = checkpoints[6];
    const finished = await trainSmall(engine, split, findModel('gmf'), { training, resume, finish: true });
    const { bestEpoch } = resume.progress;
    expect(finished.bestEpoch).toBe(bestEpoch);
    expect(finished.log).toHaveLength(7);
    expect(finished.account).toMatchObject({ finishedAt: 'after epoch 7', cutOff: null });
    expect(finished.trainingSeconds).toBeCloseTo(
      resume.progress.log.reduce((sum, { seconds }) => sum + seconds, 0),
      9,
    );
    const best = checkpoints[bestEpoch - 1].tensors;
    for (const [name, { data }] of finished.measured.parts.weights)
      expect(data).toEqual(best.get(`weights/${name}`)?.data);
    expect(finished.measured.parts.weights.size).toBe(run.measured.parts.weights.size);
  });

  it('has the last weights where the best are not kept', async () => {
    const training = { epochs: 6, patience: 0, keepBest: false, optimizer: { learningRate: 0.5 } };
    const { checkpoints } = await wholeRun('gmf', { training });
    const resume = checkpoints[3];
    const finished = await trainSmall(engine, split, findModel('gmf'), { training, resume, finish: true });
    expect(finished.bestEpoch).toBe(4);
    expect(weightBytes(finished.measured.parts.weights)).toBe(
      weightBytes(
        new Map(
          [...resume.tensors].flatMap(([name, tensor]) =>
            name.startsWith('weights/') ? [[name.slice(8), tensor]] : [],
          ),
        ),
      ),
    );
  });

  it('must have begun to train the model itself', async () => {
    const config = { pretrain: true, gmfEpochs: 2, mlpEpochs: 2 };
    const { checkpoints } = await wholeRun('neumf', { config, training: { epochs: 2 } });
    const finish = (resume: Checkpoint) =>
      trainSmall(engine, split, findModel('neumf'), { config, training: { epochs: 2 }, resume, finish: true });
    expect(await thrownCode(() => finish(checkpoints[1]))).toBe('usage');
    expect((await finish(checkpoints[4])).account.finishedAt).toBe('after epoch 1');
  });

  it('must be the run of the checkpoint', async () => {
    const { checkpoints } = await wholeRun('gmf', { training: { epochs: 2 } });
    const other = { training: { epochs: 3 }, resume: checkpoints[0], finish: true };
    expect(await thrownCode(() => trainSmall(engine, split, findModel('gmf'), other))).toBe('config');
  });
});
