/**
 * Attack by the exact gradient of iALS: the victim's equations are known, and ∂ exposure / ∂ (what fake people take) is made at their solution
 * by implicit differentiation (surrogates/als.ts), as Li, Wang, Singh, Vorobeychik (NIPS 2016) do from the stationarity of a matrix
 * factorisation, here with nothing held fixed: users' vectors, items' vectors and penalties all answer. The outer loop is that of RevAdv.
 */
import { z } from 'zod';
import { itemsOfPeople } from '../real-people.ts';
import { Als } from '../surrogates/als.ts';
import { attackKind, greyBoxOption } from './attack.ts';
import { bilevelAttack, bilevelOptions } from './bilevel.ts';

const options = bilevelOptions.extend({
  greyBox: greyBoxOption,
  exponent: z.number().min(0).max(2).default(1).meta({ doc: 'ν of the surrogate, as in iALS' }),
  sweeps: z.int().min(1).max(200).default(10).meta({ doc: 'alternations before the first step' }),
  more: z.int().min(1).max(200).default(2).meta({ doc: 'alternations before each later one, from the vectors so far' }),
  rounds: z.int().min(1).max(500).default(8).meta({ doc: 'half-steps that the gradient goes back through, at most' }),
});

export const alsGradientAttack = attackKind({
  name: 'als-gradient',
  title: 'Gradient of ALS',
  paper: 'Li et al., NIPS 2016; Tang et al., RecSys 2020',
  knowledge: 'white',
  victims: ['ials'],
  goals: ['promote', 'demote'],
  needsRatings: false,
  options,
  craft: (order, chosen) => {
    const { data, random } = order;
    const real = itemsOfPeople(data);
    const { factors, unobservedWeight, regularization, exponent, sweeps, more, rounds } = chosen;
    const als = { factors, unobservedWeight, regularization, exponent, deviation: 0.1 };
    let items: Float64Array | null = null;
    return bilevelAttack(order, chosen, (weight) => {
      const fakes = { weight, value: null };
      const surrogate = new Als(real, data.items.size, null, fakes, als, items ?? random.child('surrogate'));
      surrogate.sweep(items ? more : sweeps);
      const { vectors } = surrogate;
      items = vectors.items;
      return { vectors, backwards: (gradient) => surrogate.gradient(gradient, rounds).weight };
    });
  },
});
