/** The closed list of models: the command line, artifacts, conformance tests and documentation all come from it. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { bprMf } from './bpr-mf.ts';
import { ease } from './ease.ts';
import { gmf } from './gmf.ts';
import { ials } from './ials.ts';
import { itemKnn } from './item-knn.ts';
import { logisticMf } from './logistic-mf.ts';
import { markov } from './markov.ts';
import { mlp } from './mlp.ts';
import type { Model, SequenceModel } from './model.ts';
import { neumf } from './neumf.ts';
import { popularity } from './popularity.ts';
import { sequencePopularity } from './sequence-popularity.ts';
import { sessionItemKnn } from './session-item-knn.ts';
import { sessionPopularity } from './session-popularity.ts';
import { vsknn } from './vsknn.ts';

export const models = [
  popularity,
  itemKnn,
  ease,
  ials,
  bprMf,
  logisticMf,
  gmf,
  mlp,
  neumf,
] as readonly unknown[] as readonly Model[];

/** The models of sequences: what comes next in a session or a history. */
export const sequenceModels = [
  sequencePopularity,
  sessionPopularity,
  sessionItemKnn,
  markov,
  vsknn,
] as readonly unknown[] as readonly SequenceModel[];

/** @throws 'usage' for an unknown name, with the nearest known one */
export function findSequenceModel(name: string): SequenceModel {
  const model = sequenceModels.find((candidate) => candidate.name === name);
  if (model) return model;
  const known = sequenceModels.map((candidate) => candidate.name);
  throw new DeepTasteError('usage', `model of sequences: there is no "${name}"${suggestion(name, known)}`);
}

/** @throws 'usage' for an unknown name, with the nearest known one */
export function findModel(name: string): Model {
  const model = models.find((candidate) => candidate.name === name);
  if (model) return model;
  const known = models.map((candidate) => candidate.name);
  throw new DeepTasteError('usage', `model: there is no "${name}"${suggestion(name, known)}`);
}
