/**
 * Examples of labelled rows: a training row is a row of fields with its label, a click (log loss of the logit) or a value (squared
 * error); or, where the task is to rank, a taken row against the same row with drawn items.
 */
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import type { FieldRows } from '../data/features/field-rows.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { bindSlots, declareFieldParameters, fieldTraining } from '../scoring/row-expression.ts';
import { trainedRowPredictor } from '../scoring/row-scorer.ts';
import { type MemoryEstimate, rankingBytes, trainingMemory } from './memory-estimate.ts';
import type { AnyModel, Examples, Gradients, MemoryRequest, Model, ModelHead } from './model.ts';
import { openRows } from './open-rows.ts';
import { drawing, type RowParts, rowSettings } from './row-settings.ts';

export const rows: Examples = {
  name: 'rows',
  title: 'rows of fields with a label each, or with drawn items',
  unit: 'examples',
  settings: rowSettings,
  checkSettings: (settings, given) => {
    const { task } = rowSettings.parse(settings);
    const idle = Object.keys(drawing).find((key) => key in given);
    if (task !== 'ranking' && idle)
      throw new DeepTasteError(
        'config',
        `training settings: "${idle}" is about drawn items and needs task "ranking", found "${task}"`,
      );
  },
};

export type RowModel<C = unknown> = Model<C, 'rows'> & RowParts<C> & { readonly learn: Gradients<C, 'rows'> };

/** Declares a model over fields that is trained on labelled rows; infers the type of its options. */
export function rowModel<C>(declared: ModelHead<C> & RowParts<C>): RowModel<C> {
  const { trainingDefaults, pretraining, fuse } = declared;
  return {
    ...declared,
    form: 'rows',
    tasks: ['click', 'rating', 'ranking'],
    streams: '',
    learn: {
      by: 'gradients',
      examples: rows,
      defaults: trainingDefaults,
      open: (request) => openRows(declared, request),
      memory: (request) => rowMemory(declared, request),
      pretraining,
      fuse,
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedRowPredictor(engine(), declared, config, about.layout, weights),
  };
}

export function isRowModel(model: AnyModel): model is RowModel {
  return model.learn.by === 'gradients' && model.learn.examples === rows;
}

/** Rows of a prediction that are gathered at a time, as in the scorer. */
const GATHERED_ROWS = 65_536;

function rowMemory<C>(model: RowParts<C>, request: MemoryRequest<C, 'rows'>): MemoryEstimate {
  const { engine, config, data } = request;
  const { layout, examples } = data;
  const training = rowSettings.parse(request.training);
  const declared = declareFieldParameters(model, config, layout);
  const kind = training.task === 'regression' ? 'squared' : 'log';
  const { loss, inputs } = fieldTraining(model, declared, config, layout, kind, new RandomStream(0, 'memory'));
  const sources = bindSlots(loss, inputs, examples, layout);
  const slots = sources.reduce((sum, { rows: bound }) => sum + bound.slots * (bound.value ? 8 : 4), 0);
  const isDrawn = training.task === 'ranking';
  const ofTables = sources.filter(({ by }) => by !== 'example').map(({ rows: bound }) => bound);
  const ofExamples = sources.filter(({ by }) => by === 'example').map(({ rows: bound }) => bound);
  const bytesOf = (bound: FieldRows) => bound.slots * (bound.value ? 8 : 4);
  // each level has a plan of its own
  const nLevels = model.upper?.(config, layout, new RandomStream(0, 'memory')) ? 2 : 1;
  const nRows = examples.nRows * (isDrawn ? training.negatives + 1 : 1);
  const ranked = isDrawn ? (examples.items?.nRows ?? 0) : 0;
  return trainingMemory({
    declarations: declared.declarations,
    optimizer: training.optimizer.name,
    examples: {
      count: examples.nRows,
      unit: 'rows',
      // user, item and label of each; pairs again for the rejection of drawn items
      bytesEach: 12 + ofExamples.reduce((sum, bound) => sum + bytesOf(bound), 0) + (isDrawn ? 8 : 0),
      bytes: ofTables.reduce((sum, bound) => sum + bound.nRows * bytesOf(bound), 0),
      outside: Math.min(nRows, GATHERED_ROWS) * slots,
    },
    step: nLevels * stepBytes({ engine, loss, batchSize: Math.min(training.batchSize, Math.max(1, nRows)) }),
    // a prediction gathers its rows in the engine's memory too; a ranking holds scores of a block of users
    ranking: {
      tables: 0,
      bytes: PREDICTED_ROWS * slots + rankingBytes('pair', { nUsers: 0, nItems: ranked }, 0, engine),
      bytesEach: 0,
    },
  });
}

/** Rows that a plan without steps computes at a time. */
const PREDICTED_ROWS = 8192;
