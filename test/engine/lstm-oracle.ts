/** A long short-term memory written out in plain numbers; it imports nothing. */

export interface OracleWeights {
  /** [inputs][4][units], [units][4][units], [4][units]: gates i, f, g, o. */
  readonly input: number[][][];
  readonly recurrent: number[][][];
  readonly bias: number[][];
}

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** Hidden states of one sequence, x [length][inputs] → [length][units]. */
export function hiddenStates(x: readonly number[][], weights: OracleWeights, forget: number): number[][] {
  const units = weights.bias[0].length;
  let h = Array<number>(units).fill(0);
  let c = Array<number>(units).fill(0);
  const states: number[][] = [];
  for (const inputs of x) {
    const before = (gate: number, unit: number): number => {
      let sum = weights.bias[gate][unit];
      for (let p = 0; p < inputs.length; p++) sum += inputs[p] * weights.input[p][gate][unit];
      for (let p = 0; p < units; p++) sum += h[p] * weights.recurrent[p][gate][unit];
      return sum;
    };
    const next = c.map((old, unit) => {
      const inputGate = sigmoid(before(0, unit));
      const forgetGate = sigmoid(before(1, unit) + forget);
      return forgetGate * old + inputGate * Math.tanh(before(2, unit));
    });
    h = next.map((state, unit) => sigmoid(before(3, unit)) * Math.tanh(state));
    c = next;
    states.push(h);
  }
  return states;
}

/** The same from the last step to the first, in the order of the steps. */
export function hiddenStatesBackwards(x: readonly number[][], weights: OracleWeights, forget: number): number[][] {
  return hiddenStates([...x].reverse(), weights, forget).reverse();
}

/** Weights from rows of W, of U, and b, each row with the gates i, f, g, o side by side. */
export function oracleWeights(rows: ArrayLike<number>, inputs: number, units: number): OracleWeights {
  const row = (n: number): number[][] =>
    [0, 1, 2, 3].map((gate) => Array.from({ length: units }, (_, j) => rows[n * 4 * units + gate * units + j]));
  return {
    input: Array.from({ length: inputs }, (_, p) => row(p)),
    recurrent: Array.from({ length: units }, (_, p) => row(inputs + p)),
    bias: row(inputs + units),
  };
}
