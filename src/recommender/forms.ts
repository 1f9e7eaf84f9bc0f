/** What differs between recommenders by the form of data that their models learned from: what is read and known, and who answers. */
import { loadAttachment } from '../artifact/artifact.ts';
import { FEATURES_FILE, parseFieldFile } from '../artifact/field-file.ts';
import { fitting } from '../artifact/fitting.ts';
import { type FieldParts, ITEM_COUNTS, type RecommenderParts } from '../artifact/recommender-parts.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Form, Forms } from '../examples/forms.ts';
import type { AnyModel, Model } from '../examples/model.ts';
import type { Answering } from './answer.ts';
import { FieldAnswering } from './answer-by-fields.ts';
import { PairAnswering, trainedItemsFirst } from './answer-by-pairs.ts';
import { SequenceAnswering } from './answer-by-sequence.ts';

interface RecommenderForm<F extends Form> {
  /** The parts of a saved one, with what only such recommenders keep. @throws 'artifact' for what does not fit */
  read(path: string, parts: RecommenderParts): Promise<RecommenderParts>;
  /** What the model must know of the data in order to score. */
  about(parts: RecommenderParts): Forms[F]['about'];
  /** The scorer as people are answered by it. */
  served(scorer: Forms[F]['scorer'], parts: RecommenderParts): Forms[F]['scorer'];
  answering(
    engine: () => Engine,
    model: Model<unknown, F>,
    parts: RecommenderParts,
    scorer: Forms[F]['scorer'],
  ): Answering;
}

const recommenderForms: { readonly [F in Form]: RecommenderForm<F> } = {
  pairs: {
    read: async (_, parts) => parts,
    about: ({ users, items, seen }) => ({ sizes: { nUsers: users.size, nItems: items.size }, history: seen }),
    served: trainedItemsFirst,
    answering: (engine, model, parts, scorer) => new PairAnswering(engine, model, parts, scorer),
  },
  sequences: {
    read: async (path, parts) => {
      await fitting(path, () => checkCounts(parts));
      return parts;
    },
    about: ({ items }) => ({ nItems: items.size }),
    served: (scorer) => scorer,
    answering: (_, { title }, parts, scorer) => new SequenceAnswering(title, parts, scorer),
  },
  rows: {
    read: async (path, parts) => {
      const attached = await loadAttachment(path, FEATURES_FILE);
      return { ...parts, fields: await fitting(path, () => parseFieldFile(attached, path)) };
    },
    about: (parts) => ({ layout: fieldParts(parts).fields.encoder.layout }),
    served: (scorer) => scorer,
    answering: (engine, _, parts, scorer) => new FieldAnswering(engine, fieldParts(parts), scorer),
  },
};

/** @throws 'artifact' for what does not fit */
export function withOwnParts({ form }: AnyModel, path: string, parts: RecommenderParts): Promise<RecommenderParts> {
  return recommenderForms[form].read(path, parts);
}

export function scorerOf<F extends Form>(
  engine: () => Engine,
  model: Model<unknown, F>,
  parts: RecommenderParts,
): Forms[F]['scorer'] {
  const form: RecommenderForm<F> = recommenderForms[model.form];
  const config = model.options.parse(parts.info.model.config);
  return form.served(model.scorerOf(engine, { config, weights: parts.weights, about: form.about(parts) }), parts);
}

/** @param scorer that of `scorerOf` */
export function answeringOf<F extends Form>(
  engine: () => Engine,
  model: Model<unknown, F>,
  parts: RecommenderParts,
  scorer: Forms[F]['scorer'],
): Answering {
  const form: RecommenderForm<F> = recommenderForms[model.form];
  return form.answering(engine, model, parts, scorer);
}

function fieldParts(parts: RecommenderParts): FieldParts {
  const { fields } = parts;
  if (!fields) throw new Error('internal: a model over fields needs its fields');
  return { ...parts, fields };
}

/** @throws what `fitting` turns into 'artifact' */
function checkCounts({ weights, items }: Pick<RecommenderParts, 'weights' | 'items'>): void {
  const counts = float32Tensor(weights, ITEM_COUNTS, [items.size]);
  if (counts.some((count) => count < 0)) throw new Error(`"${ITEM_COUNTS}" holds a negative number`);
}
