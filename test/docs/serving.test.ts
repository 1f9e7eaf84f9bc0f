/** The requests of docs/serving.md, asked of a server that is started as the page says. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { type RunningCommand, until, workplace } from '../cli/command-line.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/serving.md', import.meta.url)), 'utf8');
const place = workplace();
let running: RunningCommand | null = null;
afterAll(async () => {
  running?.child.kill('SIGKILL');
  await running?.outcome;
});

/** Numbers to four digits; ids of answers, versions and times as what they are. */
function comparable(text: string): unknown {
  return JSON.parse(text, (name, value) => {
    if (typeof value === 'number') return Number(value.toPrecision(4));
    if (['recommendationId', 'requestId', 'version'].includes(name)) return typeof value;
    return value;
  });
}

it('docs/serving.md: every request is answered as it stands there', async () => {
  const [, settings] = /```yaml\n([\s\S]*?)```/.exec(page) as RegExpExecArray;
  place.write('settings.yaml', settings);
  const trained = await place.run([
    'train',
    '--data',
    'film-club',
    '--model',
    'ease',
    '--out',
    'runs/films',
    '--quiet',
  ]);
  expect(trained.code, trained.stderr).toBe(0);
  running = place.start(['serve', 'runs/films', '--settings', 'settings.yaml', '--port', '0', '--json']);
  const { child } = running;
  let told = '';
  child.stdout?.on('data', (chunk) => {
    told += chunk;
  });
  await until(() => told.includes('}') || child.exitCode !== null, 60_000);
  const address = JSON.parse(told).url.replace('http://', '');
  const requests = [...page.matchAll(/^\$ (curl .*)\n(\{.*\})$/gm)];
  expect(requests.length).toBeGreaterThan(10);
  for (const [, command, answer] of requests) {
    const found = execFileSync('sh', ['-c', command.replace('localhost:8080', address)], { encoding: 'utf8' });
    expect(comparable(found), command).toEqual(comparable(answer));
  }
}, 240_000);
