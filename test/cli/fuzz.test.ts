/** A short run of `npm run fuzz`: altered files of the formats that are read most. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/fuzz.ts', import.meta.url));
const node = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));

it('altered files end in an answer or in one line', () => {
  const args = [script, '--inputs', '32', '--seed', '11', '--files', '--json'];
  const { stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' });
  const { inputs, faults, counts = {} } = JSON.parse(stdout || JSON.stringify({ faults: stderr }));
  expect(faults).toEqual([]);
  expect(inputs).toBe(32);
  const all = Object.values<{ done: number; refused: number }>(counts);
  expect(all.some(({ done }) => done > 0) && all.some(({ refused }) => refused > 0)).toBe(true);
}, 300_000);
