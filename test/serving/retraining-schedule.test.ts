/** When a server retrains: by the schedule, also where it fails. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Retraining, type RetrainingResult } from '../../src/serving/retraining.ts';
import { memoryStore } from '../../src/serving/store/open-store.ts';
import { until } from '../cli/command-line.ts';

const place = mkdtempSync(join(tmpdir(), 'deeptaste-schedule-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** In place of the command line: fails before it has opened the store, or says nothing that can be understood. */
const program = join(place, 'program.mjs');
writeFileSync(
  program,
  `if (process.argv[3] === 'fails') {
  console.error('error: settings.yaml: must be YAML');
  process.exitCode = 1;
} else console.log(process.argv[3] === 'mumbles' ? 'no document' : '{"outcome":"kept","verdict":"unclear"}');
`,
);

it('a run whose retraining fails is tried again when the schedule says so, not at once; others have their turn', async () => {
  const EVERY = 4000;
  const store = await memoryStore();
  const begun: { readonly run: unknown; readonly at: number }[] = [];
  const ended: object[] = [];
  const results: RetrainingResult[] = [];
  const retraining = new Retraining({
    ...{ everyMs: EVERY, program: [process.execPath, program], args: [], store },
    log: {
      write: (_, event, details = {}) => {
        if (event === 'retraining begins') begun.push({ run: details.run, at: Date.now() });
        if (event === 'retrained') ended.push(details);
      },
    },
    runs: () => ['fails', 'mumbles', 'works'].map((name) => ({ name, path: name, created: 0 })),
    observe: (result) => void results.push(result),
    onPromoted: async () => {},
  });
  const times = (run: string): number[] => begun.flatMap((each) => (each.run === run ? [each.at] : []));
  try {
    await until(() => times('fails').length > 1 && times('works').length > 1, 60_000);
  } finally {
    await retraining.stop();
    await store.close();
  }
  for (const run of ['fails', 'mumbles', 'works']) {
    const [first, second] = times(run);
    if (second !== undefined) expect(second - first, run).toBeGreaterThanOrEqual(EVERY);
  }
  expect(ended.slice(0, 3)).toEqual([
    { run: 'fails', result: 'failed', message: 'error: settings.yaml: must be YAML' },
    { run: 'mumbles', result: 'failed', message: undefined },
    { run: 'works', result: 'kept', verdict: 'unclear' },
  ]);
  expect(results.slice(0, 3)).toEqual(['failed', 'failed', 'kept']);
});
