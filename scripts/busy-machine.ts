/**
 * How training steps fare on a busy machine: wall-clock and processor time of a step, on one thread and on all, while other
 * processes keep processors busy. `node scripts/busy-machine.ts [busy processes, default 0 and 2] [--dist FOLDER]`; another
 * build (`--dist`) is measured in turn with this one, in rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROUNDS = 5;
const SECONDS = 1.5;

const { values, positionals } = parseArgs({ options: { dist: { type: 'string' } }, allowPositionals: true });
const loads = positionals.length > 0 ? positionals.map(Number) : [0, 2];
const own = fileURLToPath(new URL('../dist', import.meta.url));
const builds = [{ title: 'this', folder: own }, ...(values.dist ? [{ title: 'other', folder: values.dist }] : [])];

interface Steps {
  run(steps: number): void;
}
interface Task {
  readonly title: string;
  readonly steps: Steps;
  readonly wall: number[];
  readonly processor: number[];
}

const tasks: Task[] = [];
for (const { title, folder } of builds) {
  const load = (file: string) => import(`${folder}/${file}.js`);
  const { Engine } = await load('engine/runtime/engine');
  const { RandomStream } = await load('core/random');
  const gru = await load('benchmark/gru4rec-training');
  const neumf = await load('benchmark/neumf-training');
  for (const threads of [1, undefined]) {
    const engine = new Engine({ threads });
    const name = (what: string) => `${what}, ${engine.threads} thread${engine.threads > 1 ? 's' : ''}, ${title}`;
    const random = new RandomStream(1, 'busy');
    const sessions = gru.inventedSessions(random.child('sessions'));
    const [size] = gru.gru4recSizes;
    const interactions = neumf.skewedInteractions(neumf.movielens1m, random.child('pairs'));
    const timed: [string, Steps][] = [['GRU4Rec, batch 32', gru.gru4recTraining(engine, size, sessions, random)]];
    timed.push(['NeuMF, batch 256', new neumf.NeumfTraining(engine, neumf.movielens1m, interactions, 256, 1)]);
    for (const [what, steps] of timed) tasks.push({ title: name(what), steps, wall: [], processor: [] });
  }
}

const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function measure({ steps, wall, processor }: Task): void {
  let count = 0;
  const started = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - started < SECONDS * 1000) {
    steps.run(16);
    count += 16;
  }
  const used = process.cpuUsage(before);
  wall.push((performance.now() - started) / count);
  processor.push((used.user + used.system) / 1000 / count);
}

for (const task of tasks) task.steps.run(64);
for (const load of loads) {
  const busy: ChildProcess[] = Array.from({ length: load }, () => spawn(process.execPath, ['-e', 'for (;;);']));
  for (const task of tasks) {
    task.wall.length = 0;
    task.processor.length = 0;
  }
  for (let round = 0; round < ROUNDS; round++) for (const task of tasks) measure(task);
  for (const child of busy) child.kill();
  console.log(`${load} busy processes beside it, ms a step (median of ${ROUNDS} rounds): wall clock, processor time`);
  for (const { title, wall, processor } of tasks)
    console.log(
      `  ${title.padEnd(40)} ${median(wall).toFixed(2).padStart(8)} ${median(processor).toFixed(2).padStart(8)}`,
    );
}
process.exit(0);
