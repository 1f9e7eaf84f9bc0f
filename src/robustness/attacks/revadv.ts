/**
 * RevAdv (Tang, Wen, Wang: Revisiting adversarially learned injection attacks against recommender systems. RecSys 2020): a weighted matrix
 * factorisation trained by gradient descent is the surrogate, its last steps are unrolled. Differences: full batches and Adam in place of
 * mini-batches; the surrogate goes on from the vectors of the step before instead of from new ones; profiles are the items with the largest
 * state instead of those above a threshold, so that they keep to the budget.
 */
import { z } from 'zod';
import { itemsOfPeople } from '../real-people.ts';
import type { Vectors } from '../surrogates/als.ts';
import { type AdamState, newAdamState, WmfDescent } from '../surrogates/wmf-descent.ts';
import { attackKind } from './attack.ts';
import { bilevelAttack, bilevelOptions } from './bilevel.ts';

const options = bilevelOptions.extend({
  learningRate: z.number().positive().max(1).default(0.03).meta({ doc: 'learning rate of the surrogate' }),
  epochs: z.int().min(1).max(10_000).default(100).meta({ doc: 'steps of the surrogate before the first outer step' }),
  more: z.int().min(1).max(10_000).default(10).meta({ doc: 'steps of the surrogate before each later one' }),
  unrolled: z.int().min(1).max(1000).default(20).meta({ doc: 'U, last steps that the gradient goes back through' }),
});

export const revAdvAttack = attackKind({
  name: 'revadv',
  title: 'RevAdv',
  paper: 'Tang et al., RecSys 2020',
  knowledge: 'grey',
  goals: ['promote', 'demote'],
  needsRatings: false,
  options,
  craft: (order, chosen) => {
    const { data, random } = order;
    const real = itemsOfPeople(data);
    const { epochs, more, unrolled } = chosen;
    let vectors: Vectors | null = null;
    let state: AdamState | null = null;
    return bilevelAttack(order, chosen, (weights, step) => {
      const surrogate = new WmfDescent(real, data.items.size, weights, chosen);
      vectors ??= surrogate.start(random.child('surrogate'));
      state ??= newAdamState(vectors);
      surrogate.train(vectors, state, step === 0 ? epochs : more);
      const steps = surrogate.unroll(vectors, unrolled);
      const last = steps.path[unrolled];
      vectors = { users: last.users.slice(), items: last.items.slice() };
      return { vectors: last, backwards: (gradient) => surrogate.backwards(steps, gradient) };
    });
  },
});
