/** The peer that needs nothing: NeuMF's training step as plain TypeScript loops on one thread, float32 weights. */
import { RandomStream } from '../../src/core/random.ts';
import { neumfState, neumfStep } from './neumf-step.ts';
import {
  learningRate,
  nPoolBatches,
  type PeerOptions,
  type PeerTiming,
  peerDefaults,
  randomBatches,
  randomWeights,
} from './workload.ts';

export { neumfState, neumfStep } from './neumf-step.ts';

const nWarmUpSteps = 4;

/** Times training steps for `seconds` after a short warm-up; making the batches is not timed. */
export function plainLoops(options: PeerOptions = {}): PeerTiming {
  const { batchSize, seconds, seed, shape } = peerDefaults('plainLoops', options);
  const random = new RandomStream(seed, 'bench/plain-loops');
  const weights = randomWeights(shape, random.child('weights'));
  const batches = randomBatches(shape, batchSize, nPoolBatches, random.child('batches'));
  const state = neumfState(weights, batchSize);
  const train = (step: number) => neumfStep(weights, state, batches[step % batches.length], { learningRate });

  for (let step = 0; step < nWarmUpSteps; step++) train(step);
  const start = performance.now();
  let steps = 0;
  let elapsedMs = 0;
  do {
    train(nWarmUpSteps + steps++);
    elapsedMs = performance.now() - start;
  } while (elapsedMs < 1000 * seconds);
  return { examplesPerSecond: (1000 * steps * batchSize) / elapsedMs, stepMs: elapsedMs / steps, steps };
}
