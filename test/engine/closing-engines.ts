/** Closes engines while their threads are starting, loading the system BLAS, or ready. A process of its own: a mistake would abort it. */
import { setTimeout } from 'node:timers/promises';
import { Engine } from '../../src/engine/runtime/engine.ts';

for (let n = 0; n < 40; n++) {
  const engine = new Engine({ threads: 3 });
  await setTimeout(2 * n);
  engine.close();
}
console.log('closed');
