import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('an engine can be closed while its threads are still loading', () => {
  const script = fileURLToPath(new URL('closing-engines.ts', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  expect({ status, signal, stdout, stderr }).toMatchObject({ status: 0, signal: null, stdout: 'closed\n' });
});
