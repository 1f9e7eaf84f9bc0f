import { afterAll, describe, expect, it } from 'vitest';
import { DeepTasteError } from '../../src/core/errors.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isPairModel } from '../../src/examples/pairs.ts';
import { modelsOf } from '../../src/models/index.ts';
import { opNames } from '../engine/op-named.ts';
import { checkerboard, trainSmall } from '../models/made-worlds.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

async function failure(action: Promise<unknown>): Promise<DeepTasteError> {
  const error = await action.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DeepTasteError);
  return error as DeepTasteError;
}

describe.each(modelsOf('pairs').filter(isPairModel))('$name with weights that explode', (model) => {
  it('stops at the step and names the op', async () => {
    const optimizer = { name: 'sgd', learningRate: 1e30 };
    const { code, details } = await failure(trainSmall(engine, checkerboard(), model, { training: { optimizer } }));
    expect(code).toBe('numeric');
    expect(details).toMatchObject({ epoch: 0 });
    expect(opNames.some((op) => String(details.op).includes(op))).toBe(true);
  });

  it('is noticed too when only the last step broke them', async () => {
    // a single step: no loss is computed after it
    const training = { epochs: 1, batchSize: 100_000, optimizer: { name: 'sgd', learningRate: 1e300 } };
    const { code } = await failure(trainSmall(engine, checkerboard(), model, { training }));
    expect(code).toBe('numeric');
  });

  it('leaves the engine fit for the next run', async () => {
    const { log } = await trainSmall(engine, checkerboard(), model, { training: { epochs: 2 } });
    expect(log[1].loss).toBeLessThan(log[0].loss);
  });
});
