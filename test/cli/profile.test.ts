/** `--profile`: what it prints, its part of the document and the trace file, for every family of models that is trained by steps. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clicksCsv, itemsCsv } from '../recommender/made-clicks.ts';
import { filmsCsv, workplace } from './command-line.ts';

const place = workplace();

/** 90 sessions along a ring of 8 items. */
function sessionsCsv(): string {
  const rows = ['user,session,item,time'];
  for (let s = 0; s < 90; s++)
    for (let n = 0; n < 2 + (s % 3); n++)
      rows.push(`u${s % 9},s${s},i${(s + n) % 8},${1_600_000_000 + s * 20_000 + n * 60}`);
  return `${rows.join('\n')}\n`;
}

const users = ['train', '--data', 'films.csv', '--model', 'gmf', '--epochs', '2', '--split', 'leave-one-out'];
const fields = ['train', '--data', 'clicks.csv', '--items', 'items.csv', '--model', 'deepfm', '--epochs', '2'];
const sequences = ['train', '--data', 'sessions.csv', '--days', '2', '--model', 'gru4rec', '--epochs', '2'];
const small = ['--set', 'training.batchSize=16'];
const kinds = {
  'users and items': [...users, ...small],
  'feature fields': [...fields, ...small, '--split', 'ratio', '--set', 'hidden=[16]'],
  sequences: [...sequences, ...small, '--set', 'hidden=[16]', '--set', 'sharedNegatives=4'],
};

const line = z.strictObject({
  label: z.string().min(1),
  kind: z.enum(['op', 'sampling', 'update', 'waiting']),
  calls: z.int().min(1),
  millisecondsOfStep: z.number().min(0),
  share: z.number().min(0).max(1),
  gflops: z.number(),
  gigabytesPerSecond: z.number(),
});
const profile = z.strictObject({
  model: z.string(),
  steps: z.int().min(1).max(50),
  threads: z.literal(2),
  lines: z.array(line).min(5),
});
const event = z.strictObject({
  name: z.string(),
  cat: z.string(),
  ph: z.literal('X'),
  pid: z.literal(1),
  tid: z.int().min(0).max(1),
  ts: z.number().min(0),
  dur: z.number().min(0),
});

beforeAll(() => {
  place.write('films.csv', filmsCsv());
  place.write('clicks.csv', clicksCsv());
  place.write('items.csv', itemsCsv());
  place.write('sessions.csv', sessionsCsv());
});

describe.each(Object.entries(kinds))('--profile of a model of %s', (kind, args) => {
  const out = kind.replaceAll(' ', '-');

  it('stands in the document and in a trace file; the weights are those of a run without', async () => {
    const trace = place.path(`${out}.json`);
    const flags = ['--threads', '2', '--blas', 'off'];
    const profiled = await place.run([...args, ...flags, '--out', out, '--profile', trace, '--json']);
    expect(profiled).toMatchObject({ code: 0 });
    const { profiles } = JSON.parse(profiled.stdout) as { profiles: unknown[] };
    expect(profiles).toHaveLength(1);
    const { lines } = profile.parse(profiles[0]);
    expect(lines.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    // every kind trains tables
    expect(lines.map(({ label }) => label)).toContain('update, table rows');
    expect(lines.filter(({ kind: what }) => what === 'update').length).toBeGreaterThan(1);
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: unknown[] };
    for (const each of traceEvents) event.parse(each);
    expect(traceEvents).toHaveLength(lines.reduce((sum, { calls }) => sum + calls, 0));
    const plain = await place.run([...args, ...flags, '--out', `${out}-plain`]);
    expect(plain).toMatchObject({ code: 0 });
    const weights = (run: string) => readFileSync(place.path(run, 'weights.safetensors')).toString('base64');
    expect(weights(out)).toBe(weights(`${out}-plain`));
  });

  it('is printed as a table', async () => {
    const { code, stdout } = await place.run([...args, '--threads', '1', '--out', `${out}-table`, '--profile']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /: \d+ steps on 1 thread; sampling [\d.]+ %, updates [\d.]+ %, waiting for other threads [\d.]+ %/,
    );
    expect(stdout).toMatch(/part +µs a step +share +GFLOP\/s +GB\/s/);
  });
});

it('says that a model fitted at once has none', async () => {
  const { code, stdout } = await place.run([...['train', '--data', 'films.csv', '--model', 'ease', '--profile']]);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing was recorded') });
});
