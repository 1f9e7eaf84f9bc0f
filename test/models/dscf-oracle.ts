/** DSCF in plain numbers, from the formula of the paper; imports nothing but plain layers. */
import { hiddenStates, hiddenStatesBackwards, oracleWeights } from '../engine/lstm-oracle.ts';
import { type Arrays, affine, attended, relu, row } from './plain-layers.ts';

/** A visited user, that user's item, and the level of the rating. */
export type Token = readonly [number, number, number];

/** r̂(u, i) − μ. @param walks those that have tokens @param d length of the vectors @param layers of the output */
export function dscfScore(
  w: Arrays,
  [user, item]: readonly [number, number],
  walks: readonly (readonly Token[])[],
  { d, layers, biases }: { readonly d: number; readonly layers: number; readonly biases: boolean },
): number {
  const pair = [...row(w.P, user, d), ...row(w.Q, item, d)];
  // the first matrix of a token lies in three pieces, one for each part
  const W1 = ['user', 'item', 'level'].flatMap((part) => Array.from(w[`token.${part}`]));
  const embedded = ([u, i, level]: Token): number[] =>
    relu(
      affine(
        relu(affine([...row(w.P, u, d), ...row(w.Q, i, d), ...row(w.E, level, d)], W1, w['token.b1'])),
        w['token.W2'],
        w['token.b2'],
      ),
    );
  const forward = oracleWeights(w['lstm.forward'], d, d);
  const backward = oracleWeights(w['lstm.backward'], d, d);
  const ofWalks = walks.map((tokens) => {
    const x = tokens.map(embedded);
    const back = hiddenStatesBackwards(x, backward, 1);
    const h = hiddenStates(x, forward, 1).map((state, t) => [...state, ...back[t]]);
    return attended(w, 'steps', h, pair);
  });
  const social = walks.length === 0 ? row(w.s0, 0, 2 * d) : attended(w, 'walks', ofWalks, pair);
  let z = [...pair, ...social];
  for (let l = 1; l <= layers; l++) z = relu(affine(z, w[`hidden${l}.W`], w[`hidden${l}.b`]));
  const [output] = affine(z, w['out.W'], w['out.b']);
  return biases ? output + w.userBias[user] + w.itemBias[item] : output;
}
