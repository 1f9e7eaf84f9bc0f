/**
 * A generator's turn without a game: it learns to give what people took a high probability.
 *
 *   loss of a person = −m_u / m̄ · mean over the taken v of ln softmax_v(g(u, v))
 *
 * m_u: how many targets the person took, m̄: how many people take on average; so every taken pair counts alike. A row is a person.
 */
import type { RandomStream } from '../core/random.ts';
import { rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { OptimizerOptions } from '../engine/optimizers/optimizer.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { Parameters } from '../layers/parameters.ts';
import { epochOrders } from './open-examples.ts';
import { type Player, type PolicyStep, policyStep } from './players.ts';
import { peopleOf, type Turn } from './turn.ts';

/** Targets of one person in a step; whoever took more has so many of them drawn. */
const MOST_TARGETS = 256;

export interface LikelihoodOptions<C> {
  readonly name: string;
  readonly engine: Engine;
  readonly store: ParameterStore;
  readonly tensors: Parameters;
  readonly config: C;
  readonly player: Player<C>;
  readonly positives: SparseRows;
  readonly passes: number;
  /** People a step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerOptions;
  readonly epochs: number;
  readonly random: RandomStream;
}

/** The step's loss, for those who estimate its memory. */
export function likelihoodStep<C>(
  player: Player<C>,
  tensors: Parameters,
  config: C,
  positives: SparseRows,
  batchSize: number,
): PolicyStep {
  const people = Math.max(1, Math.min(batchSize, peopleOf(positives).length));
  return policyStep(player, tensors, config, { n: targetsOf(positives), isWhole: true, people });
}

/** Targets of a person in a step at most. */
function targetsOf({ nRows, rowStart }: SparseRows): number {
  let most = 1;
  for (let row = 0; row < nRows; row++) most = Math.max(most, rowStart[row + 1] - rowStart[row]);
  return Math.min(MOST_TARGETS, most);
}

/** A turn over all people who took something, in passes, each in an order of its own. */
export function likelihoodTurn<C>(options: LikelihoodOptions<C>): Turn {
  const { name, engine, store, tensors, config, player, positives, passes, optimizer, epochs, random } = options;
  const people = peopleOf(positives);
  const total = passes * people.length;
  const batchSize = Math.min(options.batchSize, people.length);
  const step = likelihoodStep(player, tensors, config, positives, batchSize);
  const { user, choices, slopes, total: whole } = step;
  if (whole === null) throw new Error('internal: a likelihood is that of all targets');
  const n = choices.size;
  const mean = positives.columns.length / people.length;
  const plan = new StepPlan({
    engine,
    store,
    loss: step.loss,
    fedByCaller: [user, choices, slopes, whole.weight, whole.any],
    batchSize,
    totalRows: total,
    optimizer,
    totalSteps: epochs * Math.ceil(total / batchSize),
    inBlocks: true,
  });
  const orderOf = epochOrders(people.length, random.child('people'));
  const feed = (epoch: number, s: number): void => {
    const first = s * batchSize;
    const rows = Math.min(total, first + batchSize) - first;
    const own = new Int32Array(rows);
    const targets = new Int32Array(rows * n).fill(-1);
    const slope = new Float32Array(rows * n);
    const weight = new Float32Array(rows);
    const draws = random.child(`targets/${epoch}/${s}`);
    for (let r = 0; r < rows; r++) {
      const pass = Math.floor((first + r) / people.length);
      own[r] = people[orderOf(epoch * passes + pass)[(first + r) % people.length]];
      const taken = rowOf(positives, own[r]);
      const kept = taken.length <= n ? taken : someOf(taken, n, draws);
      weight[r] = taken.length / mean;
      targets.set(kept, r * n);
      slope.fill(-weight[r] / kept.length, r * n, r * n + kept.length);
    }
    plan.write(user, own);
    plan.write(choices, targets);
    plan.write(slopes, slope);
    plan.write(whole.weight, weight);
    plan.write(
      whole.any,
      own.map((_, r) => targets[r * n]),
    );
  };
  return { name, plan, reportedRows: total, feed };
}

/** So many of a list, all subsets as likely. */
function someOf(list: Int32Array, count: number, random: RandomStream): Int32Array {
  const shuffled = list.slice();
  for (let k = 0; k < count; k++) {
    const other = k + random.below(shuffled.length - k);
    [shuffled[k], shuffled[other]] = [shuffled[other], shuffled[k]];
  }
  return shuffled.subarray(0, count);
}
