/** DSCF in plain numbers, from the formula of the paper; imports nothing but plain layers. */
import { hiddenStates, hiddenStatesBackwards, oracleWeights } from '../engine/lstm-oracle.ts';
import { type Arrays, affine, attended, relu, row } from './plain-layers.ts';

/** A visited user, that user's item, and the level of the rating. */
export type Token = readonly [number, number, number];

export interface OracleForm {
  readonly d: number;
  readonly layers: number;
  readonly biases: boolean;
  /** False: means; default true. */
  readonly attention?: boolean;
  /** False: no s; default true. */
  readonly friends?: boolean;
}

const mean = (vectors: readonly (readonly number[])[]): number[] =>
  vectors[0].map((_, k) => vectors.reduce((sum, v) => sum + v[k], 0) / vectors.length);

/** r̂(u, i) − μ. @param walks those that have tokens @param d length of the vectors @param layers of the output */
export function dscfScore(
  w: Arrays,
  [user, item]: readonly [number, number],
  walks: readonly (readonly Token[])[],
  { d, layers, biases, attention = true, friends = true }: OracleForm,
): number {
  const pair = [...row(w.P, user, d), ...row(w.Q, item, d)];
  // the first matrix of a token lies in three pieces, one for each part
  const W1 = (): number[] => ['user', 'item', 'level'].flatMap((part) => Array.from(w[`token.${part}`]));
  const embedded = ([u, i, level]: Token): number[] =>
    relu(
      affine(
        relu(affine([...row(w.P, u, d), ...row(w.Q, i, d), ...row(w.E, level, d)], W1(), w['token.b1'])),
        w['token.W2'],
        w['token.b2'],
      ),
    );
  const ofWalks = (): number[][] =>
    walks.map((tokens) => {
      const x = tokens.map(embedded);
      const back = hiddenStatesBackwards(x, oracleWeights(w['lstm.backward'], d, d), 1);
      const forth = hiddenStates(x, oracleWeights(w['lstm.forward'], d, d), 1);
      const h = forth.map((state, t) => [...state, ...back[t]]);
      return attention ? attended(w, 'steps', h, pair) : mean(h);
    });
  const ofFriends = (): number[] => {
    if (walks.length === 0) return row(w.s0, 0, 2 * d);
    return attention ? attended(w, 'walks', ofWalks(), pair) : mean(ofWalks());
  };
  let z = [...pair, ...(friends ? ofFriends() : [])];
  for (let l = 1; l <= layers; l++) z = relu(affine(z, w[`hidden${l}.W`], w[`hidden${l}.b`]));
  const [output] = affine(z, w['out.W'], w['out.b']);
  return biases ? output + w.userBias[user] + w.itemBias[item] : output;
}
