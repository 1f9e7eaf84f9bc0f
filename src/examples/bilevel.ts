/**
 * Two levels of parameters (first-order DARTS, Liu, Simonyan, Yang, ICLR 2019, § 2.3 with ξ = 0): the weights learn from most rows; after
 * every few of their steps, those of the upper level, which say what the model is, take one on rows that the weights never learn from.
 */
import type { RandomStream } from '../core/random.ts';
import { type FieldExamples, gatherRows } from '../data/features/field-examples.ts';
import type { FieldRows } from '../data/features/field-rows.ts';
import type { StepPlan, StepResult } from '../engine/plan/step-plan.ts';
import type { OpenExamples, TrainedPlan } from './open-examples.ts';

export interface UpperLevel {
  /** Names of its parameters. */
  readonly parameters: readonly string[];
  /** Steps of the weights for each of its own. */
  readonly every: number;
  /** Share of the rows that are kept apart for it, between 0 and 1. */
  readonly share: number;
  /** Settings of its optimizer. */
  readonly optimizer: Readonly<Record<string, unknown>>;
  /** What kept parameters are set to before a step of the weights (from 0, of the whole training), by name: a function of the step alone. */
  before(step: number): Readonly<Record<string, Float32Array>>;
}

/** The rows in two parts: `share` of them, drawn at random, for the upper level. */
export function splitRows(
  examples: FieldExamples,
  share: number,
  random: RandomStream,
): { readonly lower: FieldExamples; readonly upper: FieldExamples } {
  const all = Int32Array.from({ length: examples.nRows }, (_, row) => row);
  const order = random.shuffle(all);
  const nUpper = Math.max(1, Math.min(examples.nRows - 1, Math.round(share * examples.nRows)));
  const part = (rows: Int32Array) => examplesAt(examples, rows.sort());
  return { upper: part(order.slice(0, nUpper)), lower: part(order.slice(nUpper)) };
}

/** Some of the examples; what users and items are stays shared. */
function examplesAt(examples: FieldExamples, rows: Int32Array): FieldExamples {
  const pick = (from: Int32Array | null) => from && Int32Array.from(rows, (row) => from[row]);
  const slots = (from: FieldRows | null) => from && gatherRows(from, rows, 0, rows.length);
  const { user, item, context, crosses, label } = examples;
  return {
    ...examples,
    nRows: rows.length,
    user: pick(user),
    item: pick(item),
    context: slots(context),
    crosses: slots(crosses),
    label: label.length === examples.nRows ? Float32Array.from(rows, (row) => label[row]) : label,
  };
}

/** Steps of the weights, with those of the upper level between them. @param write sets parameters */
export function bilevelSteps(
  lower: StepPlan,
  above: StepPlan,
  { every, before }: UpperLevel,
  write: (values: Readonly<Record<string, Float32Array>>) => void,
): Pick<OpenExamples<'rows'>, 'plan' | 'stepsPerEpoch' | 'run' | 'profile' | 'skipTo'> {
  const { stepsPerEpoch } = lower;
  /** After a step of the weights: one of the upper level where it is its turn. */
  const follow = (step: number): void => {
    if ((step + 1) % every !== 0) return;
    const turn = (step + 1) / every - 1;
    above.run(Math.floor(turn / above.stepsPerEpoch), turn % above.stepsPerEpoch, 1);
  };
  return {
    plan: planOfLevels(lower, above),
    stepsPerEpoch,
    run: (epoch, first, count): StepResult => {
      const steps = Math.min(count, stepsPerEpoch - first);
      let lossSum = 0;
      for (let n = first; n < first + steps; n++) {
        const step = epoch * stepsPerEpoch + n;
        write(before(step));
        lossSum += lower.run(epoch, n, 1).lossSum;
        follow(step);
      }
      return { steps, lossSum };
    },
    profile: (epoch, first) => {
      const step = epoch * stepsPerEpoch + first;
      write(before(step));
      const profiled = lower.profile(epoch, first, 1);
      follow(step);
      return profiled;
    },
    skipTo: () => {},
  };
}

/** Both plans as one: the optimizer states of both; plateaus lower the rates of the weights alone. */
function planOfLevels(lower: StepPlan, above: StepPlan): TrainedPlan {
  const prefix = 'upper/';
  return {
    setRateFactor: (factor) => lower.setRateFactor(factor),
    state: {
      read: () => [
        ...lower.state.read(),
        ...above.state.read().map((each) => ({ ...each, name: `${prefix}${each.name}` })),
      ],
      write: (values) => {
        const ofUpper = [...values].filter(([name]) => name.startsWith(prefix));
        lower.state.write(values);
        above.state.write(new Map(ofUpper.map(([name, data]) => [name.slice(prefix.length), data])));
      },
    },
    readCarried: () => lower.readCarried(),
    writeCarried: (values) => lower.writeCarried(values),
    flopsOfStep: lower.flopsOfStep,
  };
}
