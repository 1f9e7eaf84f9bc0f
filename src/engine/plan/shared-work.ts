/**
 * Orders the shared work of one level when it is cut into blocks of rows that threads share: what is computed in blocks, what on
 * one thread, and where all must wait for each other. A tensor that needs only its own rows of another one follows it within
 * the same block, while the rows are in the first-level cache.
 */
import type { BlockCall, Tensor } from '../expression.ts';
import { requirements } from './schedule.ts';
import { viewed } from './views.ts';

/** Tensors of equally many rows whose blocks are computed one after the other by the thread that took the block. */
export interface BlockJob {
  readonly rows: number;
  readonly blockRows: number;
  readonly tensors: readonly Tensor[];
}

/** Work between two waits: first one thread computes `serial`, then all share `jobs`. */
export interface Wave {
  readonly serial: readonly Tensor[];
  readonly jobs: readonly BlockJob[];
}

export function blockCall(y: Tensor): BlockCall | null {
  return y.op.blocks?.(y) ?? null;
}

/** Six and eight divide it: the rows and columns of the product kernel's blocks. */
const LARGE_BLOCK = 48;
const SMALL_BLOCK = 24;

interface JobDraft {
  readonly rows: number;
  /** 0 = as the plan likes. */
  readonly blockRows: number;
  readonly tensors: Tensor[];
}

interface Draft {
  readonly serial: Tensor[];
  readonly jobs: JobDraft[];
}

/**
 * @param tensors shared tensors of a level in the order of their needs
 * @param drawn lists that the feed fills block by block, before everything else
 * @param isInBlocks which of them are computed by blocks, where they can be
 */
export function sharedWaves(
  tensors: readonly Tensor[],
  drawn: readonly Tensor[],
  isInBlocks: (tensor: Tensor) => boolean,
): Wave[] {
  const waves: Draft[] = [];
  const at = new Map<Tensor, { wave: number; job: Draft['jobs'][number] | null }>();
  const waveOf = (n: number): Draft => {
    while (waves.length <= n) waves.push({ serial: [], jobs: [] });
    return waves[n];
  };
  const addToJob = (tensor: Tensor, rows: number, wave: number, blockRows = 0): void => {
    const { jobs } = waveOf(wave);
    let job = jobs.find((known) => known.rows === rows && known.blockRows === blockRows);
    if (!job) jobs.push((job = { rows, blockRows, tensors: [] }));
    job.tensors.push(tensor);
    at.set(tensor, { wave, job });
  };
  for (const list of drawn) addToJob(list, list.size, 0);
  for (const tensor of tensors) {
    const call = isInBlocks(tensor) ? blockCall(tensor) : null;
    let wave = 0;
    for (const required of requirements(tensor)) {
      const needed = viewed(required);
      const known = at.get(needed);
      if (!known) continue;
      const follows = call !== null && needed === required && isAlike(call, known.job) && needsOwnRows(call, needed);
      wave = Math.max(wave, known.job && !follows ? known.wave + 1 : known.wave);
    }
    if (call) addToJob(tensor, call.rows, wave, call.blockRows);
    else {
      waveOf(wave).serial.push(tensor);
      at.set(tensor, { wave, job: null });
    }
  }
  return waves.map(({ serial, jobs }) => ({ serial, jobs: jobs.map(finished) }));
}

/** Whether the job's blocks are those of the call. */
function isAlike({ rows, blockRows = 0 }: BlockCall, job: JobDraft | null): boolean {
  return job !== null && job.rows === rows && job.blockRows === blockRows;
}

/** Whether every operand that is `needed` advances as the tensor itself was computed. */
function needsOwnRows(call: BlockCall, needed: Tensor): boolean {
  const made = blockCall(needed);
  const step = made ? made.operands.find(({ tensor }) => tensor === needed)?.advance : 1;
  return step !== undefined && call.operands.every(({ tensor, advance }) => tensor !== needed || advance === step);
}

/** Large jobs first have their blocks taken first, so that no thread waits for a late one. */
function finished({ rows, blockRows, tensors }: JobDraft): BlockJob {
  return { rows, blockRows: blockRows || (rows >= 16 * LARGE_BLOCK ? LARGE_BLOCK : SMALL_BLOCK), tensors };
}
