/**
 * The bytes of every model: weights, answers and the report of a run, as SHA-256. They hold on every machine, since the runs use the plain
 * 128-bit kernels without BLAS. A change that is meant to change them says so in the changelog and renews golden.json:
 * UPDATE_GOLDEN=1 npm test -- test/golden
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workplace } from '../cli/command-line.ts';
import { clicksCsv, friendsCsv, itemsCsv, ratingsCsv, sessionsCsv } from './made-files.ts';
import { goldenRuns } from './runs.ts';

const file = fileURLToPath(new URL('golden.json', import.meta.url));
const update = process.env.UPDATE_GOLDEN === '1';
const golden: Record<string, Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
const place = workplace();
place.write('ratings.csv', ratingsCsv());
place.write('clicks.csv', clicksCsv());
place.write('items.csv', itemsCsv());
place.write('sessions.csv', sessionsCsv());
place.write('friends.csv', friendsCsv());

function sha(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** What a report says of the training and the metrics: what depends on neither time nor machine. */
function measured(text: string): string {
  const { epochs, bestEpoch, result } = JSON.parse(text);
  return JSON.stringify({ epochs, bestEpoch, metrics: result.metrics });
}

/** Items and scores of an answer, or the parts of an explained score. */
function answered(text: string): string {
  const { recommendations, output, probability, fields } = JSON.parse(text);
  const list = recommendations?.map(({ item, score }: { item: string; score: number }) => [item, score]);
  return JSON.stringify({ list, output, probability, fields });
}

async function bytesOf({ name, train, ask }: (typeof goldenRuns)[number]): Promise<Record<string, string>> {
  const out = name.replaceAll(' ', '-');
  const trained = await place.run(['train', ...train, '--out', out, '--json', '--quiet']);
  expect(trained.stderr).toBe('');
  const found: Record<string, string> = {
    weights: sha(readFileSync(place.path(out, 'weights.safetensors'))),
    report: sha(measured(trained.stdout)),
  };
  for (const [command, ...flags] of ask) {
    const answer = await place.run([command, out, ...flags, '--json', '--quiet']);
    expect(answer.stderr).toBe('');
    found[`${command} ${flags[0]}`] = sha(answered(answer.stdout));
  }
  return found;
}

describe.concurrent('golden bytes', { timeout: 120_000 }, () => {
  it.each(goldenRuns.map((run) => [run.name, run] as const))('%s', async (name, run) => {
    const found = await bytesOf(run);
    if (update) golden[name] = found;
    else expect(found).toEqual(golden[name]);
  });
});

it.runIf(update)('writes golden.json', () => {
  writeFileSync(file, `${JSON.stringify(golden, null, 2)}\n`);
});
