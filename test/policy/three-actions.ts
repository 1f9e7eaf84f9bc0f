/** A world of two situations and three actions whose every outcome can be enumerated. */
import type { RandomStream } from '../../src/core/random.ts';
import type { Weighed } from '../../src/policy/estimators/estimator.ts';
import type { Decisions } from '../../src/policy/log/decisions.ts';
import { makeDecisions } from '../../src/policy/log/make-decisions.ts';

export const situations = [0.4, 0.6];
export const expected = [
  [0.2, 0.5, 0.7],
  [0.6, 0.3, 0.1],
];
export const logged = [
  [0.5, 0.3, 0.2],
  [0.2, 0.3, 0.5],
];
export const target = [
  [0.1, 0.2, 0.7],
  [0.6, 0.3, 0.1],
];
/** A reward model that is wrong everywhere. */
export const guessed = [
  [0.4, 0.4, 0.5],
  [0.3, 0.5, 0.3],
];

/** Σ_x P(x) Σ_a π(a | x) q(x, a), written out. */
export const truth = 0.4 * (0.1 * 0.2 + 0.2 * 0.5 + 0.7 * 0.7) + 0.6 * (0.6 * 0.6 + 0.3 * 0.3 + 0.1 * 0.1);
export const loggedTruth = 0.4 * (0.5 * 0.2 + 0.3 * 0.5 + 0.2 * 0.7) + 0.6 * (0.2 * 0.6 + 0.3 * 0.3 + 0.5 * 0.1);

export interface Outcome {
  readonly x: number;
  readonly a: number;
  readonly r: number;
  readonly probability: number;
}

/** Everything that can happen in one decision of the log. */
export const outcomes: readonly Outcome[] = situations.flatMap((px, x) =>
  logged[x].flatMap((pa, a) =>
    [0, 1].map((r) => ({ x, a, r, probability: px * pa * (r === 1 ? expected[x][a] : 1 - expected[x][a]) })),
  ),
);

export function weighedOf(
  decided: readonly Pick<Outcome, 'x' | 'a' | 'r'>[],
  model = guessed,
  policy = target,
): Weighed {
  const column = (of: (outcome: Pick<Outcome, 'x' | 'a' | 'r'>) => number) => Float64Array.from(decided, of);
  return {
    weight: column(({ x, a }) => policy[x][a] / logged[x][a]),
    probability: column(({ x, a }) => policy[x][a]),
    reward: column(({ r }) => r),
    modelled: {
      ofLogged: column(({ x, a }) => model[x][a]),
      ofPolicy: column(({ x }) => policy[x].reduce((sum, p, a) => sum + p * model[x][a], 0)),
    },
  };
}

export function draw(n: number, random: RandomStream): Outcome[] {
  return Array.from({ length: n }, () => {
    let u = random.uniform();
    for (const outcome of outcomes) {
      u -= outcome.probability;
      if (u < 0) return outcome;
    }
    return outcomes[outcomes.length - 1];
  });
}

export function logOf(decided: readonly Outcome[]): Decisions {
  return makeDecisions({
    actions: ['a', 'b', 'c'],
    action: Int32Array.from(decided, ({ a }) => a),
    reward: Float64Array.from(decided, ({ r }) => r),
    propensity: Float64Array.from(decided, ({ x, a }) => logged[x][a]),
    context: [
      { name: 'x', kind: 'categorical', values: ['left', 'right'], index: Int32Array.from(decided, ({ x }) => x) },
    ],
  });
}

/** π(· | x) of a table by situations, for a log of `logOf`. */
export function distributionOf({ context }: Decisions, table: readonly (readonly number[])[]) {
  const [column] = context;
  return (rows: Int32Array, out: Float64Array): void => {
    for (let n = 0; n < rows.length; n++)
      out.set(table[column.kind === 'categorical' ? column.index[rows[n]] : 0], n * 3);
  };
}
