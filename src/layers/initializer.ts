/** How parameters start. */
import type { RandomStream } from '../core/random.ts';

export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  /** Rows of `zeroLast` numbers end with a 0; absent = all numbers are drawn. */
  | { readonly kind: 'normal'; readonly deviation: number; readonly zeroLast?: number }
  /** 1 where row and column of a matrix of so many columns are alike, else 0. */
  | { readonly kind: 'identity'; readonly columns: number }
  /** U(−bound, bound) */
  | { readonly kind: 'uniform'; readonly bound: number };

export const zeros: Initializer = { kind: 'constant', value: 0 };
export const ones: Initializer = { kind: 'constant', value: 1 };
export const normal = (deviation: number): Initializer => ({ kind: 'normal', deviation });

/** Vectors with a bias behind them, which starts at 0: rows of `width` numbers. */
export const normalWithBias = (deviation: number, width: number): Initializer => ({
  kind: 'normal',
  deviation,
  zeroLast: width,
});

/** Glorot & Bengio, AISTATS 2010: U(±√(6 / (fan in + fan out))). */
export const glorotUniform = (fanIn: number, fanOut: number): Initializer => ({
  kind: 'uniform',
  bound: Math.sqrt(6 / (fanIn + fanOut)),
});

/** The same variance as a normal distribution: N(0, 2 / (fan in + fan out)). */
export const glorotNormal = (fanIn: number, fanOut: number): Initializer => normal(Math.sqrt(2 / (fanIn + fanOut)));

/** LeCun et al. 1998: U(±√(3 / fan in)). */
export const lecunUniform = (fanIn: number): Initializer => ({ kind: 'uniform', bound: Math.sqrt(3 / fanIn) });

/** n start values from the parameter's own stream. */
export function initialValues(initializer: Initializer, n: number, random: RandomStream): Float32Array {
  const values = new Float32Array(n);
  switch (initializer.kind) {
    case 'constant':
      return values.fill(initializer.value);
    case 'identity':
      for (let k = 0; k < Math.min(n, initializer.columns ** 2); k += initializer.columns + 1) values[k] = 1;
      return values;
    case 'normal':
      for (let k = 0; k < n; k++) values[k] = initializer.deviation * random.normal();
      if (initializer.zeroLast) for (let k = initializer.zeroLast - 1; k < n; k += initializer.zeroLast) values[k] = 0;
      return values;
    case 'uniform':
      for (let k = 0; k < n; k++) values[k] = initializer.bound * (2 * random.uniform() - 1);
      return values;
  }
}
