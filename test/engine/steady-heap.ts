/** Run with --expose-gc: prints the bytes of JavaScript heap that 1,000 training steps take, garbage included. */
import { setTimeout } from 'node:timers/promises';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { neumfTraining } from './neumf-training.ts';

const STEPS = 1000;
const engine = new Engine({ threads: 1, blas: 'off' });
const { plan } = neumfTraining(engine, 2, { clipNorm: 1, schedule: 'cosine' });
const collect = (globalThis as unknown as { gc: () => void }).gc;
for (let epoch = 0; epoch < 10; epoch++) plan.run(epoch, 0, STEPS);
const growths: number[] = [];
for (let epoch = 10; epoch < 30; epoch++) {
  // the runtime's own work (compiling in the background) allocates too; let it end
  await setTimeout(10);
  collect();
  const before = process.memoryUsage().heapUsed;
  plan.run(epoch, 0, STEPS);
  growths.push(process.memoryUsage().heapUsed - before);
}
engine.close();
console.log(JSON.stringify({ steps: STEPS, stepsPerEpoch: plan.stepsPerEpoch, growths }));
