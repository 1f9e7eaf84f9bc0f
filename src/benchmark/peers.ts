/** The same NeuMF step in other systems, each timed between two rounds of ours. The scripts lie in the source checkout. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { TorchTiming, TorchWorkload } from './model-speed.ts';
import { median } from './timing.ts';

// src/benchmark and dist/benchmark lie equally deep under the package's root
const folder = new URL('../../bench/peers/', import.meta.url);

export interface PeerRequest {
  /** Python to run PyTorch with. */
  readonly python: string;
  /** Folder whose node_modules holds tfjs. */
  readonly tfjs: string;
  readonly batchSize: number;
  /** Seconds that a peer's setting is timed in a round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly threads: readonly number[];
  /** Without the settings that PyTorch must compile first. */
  readonly eagerOnly: boolean;
  /** Without the peers that are not meant to be fast. */
  readonly onlyTorch: boolean;
  /** Our rate over one round, examples per second: with WebAssembly alone, and with the system BLAS where there is one. */
  readonly ours: () => number;
  readonly oursWithBlas: (() => number) | null;
  readonly progress: Progress;
}

export type PeerSpeed =
  | {
      readonly peer: string;
      /** Which of the peer's settings was best. */
      readonly setting: string;
      readonly examplesPerSecond: number;
      /** Median over the rounds of our rate (mean of the rounds before and after) by the peer's. */
      readonly ratio: number;
      /** The same of our rate with the system BLAS; null = there is none. */
      readonly ratioWithBlas: number | null;
      readonly batchSize: number;
    }
  | { readonly peer: string; readonly skipped: string };

export async function measurePeers(request: PeerRequest): Promise<PeerSpeed[]> {
  if (!existsSync(folder)) return [{ peer: 'all', skipped: 'peers are run from a checkout of the source' }];
  if (request.onlyTorch) return [await torch(request)];
  return [await torch(request), await plainLoops(request), await tfjs(request)];
}

interface Round {
  readonly rate: number;
  readonly setting: string;
}

interface OurRates {
  readonly plain: number;
  readonly blas: number | null;
}

/** Ours, peer, ours, peer, …, ours. */
async function rounds(
  peer: string,
  request: PeerRequest,
  time: (round: number) => Round | string | Promise<Round | string>,
): Promise<PeerSpeed> {
  const { batchSize, ours, oursWithBlas } = request;
  const ourRates = (): OurRates => ({ plain: ours(), blas: oursWithBlas?.() ?? null });
  const found: { setting: string; rate: number; ratio: number; ratioWithBlas: number }[] = [];
  let before = ourRates();
  for (let round = 0; round < request.rounds; round++) {
    request.progress.log(`${peer}, batch ${batchSize}: round ${round + 1} of ${request.rounds}`);
    const result = await time(round);
    if (typeof result === 'string') return { peer, skipped: result };
    const after = ourRates();
    const ratio = (before.plain + after.plain) / 2 / result.rate;
    found.push({ ...result, ratio, ratioWithBlas: ((before.blas ?? 0) + (after.blas ?? 0)) / 2 / result.rate });
    before = after;
  }
  const { setting } = found[found.length - 1];
  return {
    peer,
    setting,
    batchSize,
    examplesPerSecond: median(found.map(({ rate }) => rate)),
    ratio: median(found.map(({ ratio }) => ratio)),
    ratioWithBlas: oursWithBlas ? median(found.map(({ ratioWithBlas }) => ratioWithBlas)) : null,
  };
}

interface TorchSetting {
  readonly name: string;
  readonly mode: string;
  readonly threads: number;
  readonly examplesPerSecond?: number;
}

interface TorchDocument {
  readonly torch?: string;
  readonly skipped?: string;
  readonly best?: string | null;
  readonly settings?: readonly TorchSetting[];
}

/** All settings in the first round; then those of the best one's mode and number of threads. */
async function torch(request: PeerRequest): Promise<PeerSpeed> {
  let best: TorchSetting | undefined;
  let version = '';
  const result = await rounds('PyTorch', request, async () => {
    const document = await runTorch(request, best);
    if (document.skipped) return document.skipped;
    const timed = (document.settings ?? []).filter((each) => each.examplesPerSecond !== undefined);
    const fastest = timed.find((each) => each.name === document.best);
    if (!fastest) return 'none of the settings ran';
    best ??= fastest;
    version = document.torch ?? '';
    return { rate: fastest.examplesPerSecond as number, setting: fastest.name };
  });
  return { ...result, peer: version === '' ? 'PyTorch' : `PyTorch ${version}` };
}

function runTorch(request: PeerRequest, best: TorchSetting | undefined): Promise<TorchDocument> {
  const modes = best ? [best.mode] : request.eagerOnly ? ['eager'] : ['eager', 'compiled'];
  const threads = best ? [best.threads] : request.threads;
  return runPython(request.python, 'neumf_torch.py', [
    ...['--json', '--rounds', '1', '--seconds', `${request.seconds}`, '--batch', `${request.batchSize}`],
    ...['--threads', ...threads.map(String), '--modes', ...modes],
  ]);
}

/** Not waited for synchronously, so that Ctrl-C ends the bench; the script ends its workers when it ends itself. */
function runPython(python: string, script: string, flags: readonly string[]): Promise<TorchDocument> {
  const path = fileURLToPath(new URL(script, folder));
  return new Promise((resolve) => {
    const child = execFile(python, [path, ...flags], { maxBuffer: 64 * 1024 ** 2 }, (error, stdout, stderr) => {
      process.off('exit', end);
      if (!error) resolve(JSON.parse(stdout) as TorchDocument);
      else if (typeof error.code === 'number')
        resolve({ skipped: `the script ended with status ${error.code}: ${stderr.trim().split('\n').pop()}` });
      else resolve({ skipped: `${python} cannot be run (name another with --python)` });
    });
    const end = () => child.kill();
    process.once('exit', end);
  });
}

/** The best setting of PyTorch on LightGCN: propagations or examples per second; or why there is none. */
export async function timeGraphInTorch(
  { python, threads, eagerOnly }: TorchRequest,
  workload: 'propagation' | 'training',
  size: object,
  known: TorchTiming | undefined,
): Promise<TorchTiming | string> {
  const eager = ['csr', 'coo', 'self-adjoint', 'index-add'];
  const modes = known ? [known.mode] : eagerOnly ? eager : [...eager, 'compiled'];
  const document = await runPython(python, 'lightgcn_torch.py', [
    ...['--workload', workload, '--size', JSON.stringify(size)],
    ...['--threads', ...(known ? [known.threads] : threads).map(String), '--modes', ...modes],
  ]);
  return bestTiming(document);
}

interface TorchRequest {
  readonly python: string;
  readonly threads: readonly number[];
  readonly eagerOnly: boolean;
}

function bestTiming(document: TorchDocument): TorchTiming | string {
  const best = document.settings?.find(({ name }) => name === document.best);
  if (best?.examplesPerSecond === undefined) return document.skipped ?? 'none of the settings ran';
  return { rate: best.examplesPerSecond, setting: best.name, mode: best.mode, threads: best.threads };
}

/** The script that times a workload. */
const torchScripts: Readonly<Record<TorchWorkload, string>> = {
  deepfm: 'models_torch.py',
  gru4rec: 'models_torch.py',
  lstm: 'sequence_policy_torch.py',
  policy: 'sequence_policy_torch.py',
  dscf: 'social_torch.py',
  graphrec: 'social_torch.py',
};

/** The best setting of PyTorch on a training step of a model, examples per second; or why there is none. */
export async function timeModelInTorch(
  request: TorchRequest,
  workload: TorchWorkload,
  size: object,
  known: TorchTiming | undefined,
): Promise<TorchTiming | string> {
  const modes = known ? [known.mode] : request.eagerOnly ? ['eager'] : ['eager', 'compiled'];
  const threads = known ? [known.threads] : request.threads;
  const document = await runPython(request.python, torchScripts[workload], [
    ...['--workload', workload, '--size', JSON.stringify(size)],
    ...['--threads', ...threads.map(String), '--modes', ...modes],
  ]);
  return bestTiming(document);
}

interface Timing {
  readonly examplesPerSecond: number;
}

/** A module of the peers' folder; TypeScript that Node runs as it is. */
async function peerModule<M>(name: string): Promise<M | string> {
  try {
    return (await import(new URL(name, folder).href)) as M;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION')
      return 'this Node does not run TypeScript (use Node 24)';
    throw new DeepTasteError('io', `peers: ${name} cannot be loaded`, {}, { cause: error });
  }
}

async function plainLoops(request: PeerRequest): Promise<PeerSpeed> {
  const loops = await peerModule<{ plainLoops(options: object): Timing }>('plain-loops.ts');
  const { batchSize, seconds } = request;
  return rounds('plain TypeScript loops', request, () => {
    if (typeof loops === 'string') return loops;
    return { rate: loops.plainLoops({ batchSize, seconds }).examplesPerSecond, setting: '1 thread' };
  });
}

async function tfjs(request: PeerRequest): Promise<PeerSpeed> {
  type Module = {
    tfjsPeer(options: object): Promise<(Timing & { backend: string; tfjs: string }) | { skipped: string }>;
  };
  const module = await peerModule<Module>('tfjs.ts');
  const { batchSize, seconds, tfjs: from } = request;
  return rounds('TensorFlow.js', request, async () => {
    if (typeof module === 'string') return module;
    const timing = await module.tfjsPeer({ batchSize, seconds, from });
    if ('skipped' in timing) return timing.skipped;
    return { rate: timing.examplesPerSecond, setting: `${timing.tfjs}, ${timing.backend}` };
  });
}
