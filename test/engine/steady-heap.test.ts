import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('training takes no JavaScript heap a step', () => {
  const script = fileURLToPath(new URL('./steady-heap.ts', import.meta.url));
  const output = execFileSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' });
  const { steps, stepsPerEpoch, growths } = JSON.parse(output);
  expect(stepsPerEpoch).toBeGreaterThanOrEqual(steps);
  // the least of several: compiling in the background allocates too. The learning rate may be boxed (16 bytes a step); one view or object a step would be 100 kB and more
  expect(Math.min(...growths)).toBeLessThan(50_000);
});
