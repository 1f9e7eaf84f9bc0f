/** The closed list of models: the command line, artifacts, conformance tests and documentation all come from it. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { AttentionModel } from './attention-model.ts';
import { bprMf } from './bpr-mf.ts';
import { ease } from './ease.ts';
import type { FieldModel } from './field-model.ts';
import { fieldModels } from './field-models.ts';
import { gmf } from './gmf.ts';
import { gru4rec } from './gru4rec.ts';
import { ials } from './ials.ts';
import { itemKnn } from './item-knn.ts';
import { logisticMf } from './logistic-mf.ts';
import { markov } from './markov.ts';
import { mlp } from './mlp.ts';
import type { Model, SequenceModel } from './model.ts';
import { neumf } from './neumf.ts';
import { popularity } from './popularity.ts';
import { sasrec } from './sasrec.ts';
import type { SequenceModel as RecurrentModel } from './sequence-model.ts';
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

/** The kinds of models of sequences; training/train-sequence-model.ts and sequence-scoring.ts know each of them. */
export type AnySequenceModel = SequenceModel | RecurrentModel | AttentionModel;

/** The models of sequences: what comes next in a session or a history. */
export const sequenceModels = [
  sequencePopularity,
  sessionPopularity,
  sessionItemKnn,
  markov,
  vsknn,
  gru4rec,
  sasrec,
] as readonly unknown[] as readonly AnySequenceModel[];

export type AnyModel = Model | AnySequenceModel | FieldModel;

/** All models of all kinds; their names differ. */
export const allModels: readonly AnyModel[] = [...models, ...sequenceModels, ...fieldModels];

/** What a model is made for: it decides which data, splits and evaluation a run has. */
export type ModelFamily = 'users' | 'sequences' | 'fields';

/** How messages call the families. */
export const familyTitles: Readonly<Record<ModelFamily, string>> = {
  users: 'models of users and items',
  sequences: 'models of sequences',
  fields: 'models over feature fields',
};

const familyOfKind: Readonly<Record<AnyModel['kind'], ModelFamily>> = {
  ...{
    gradient: 'users',
    fitted: 'users',
    sequence: 'sequences',
    recurrent: 'sequences',
    attention: 'sequences',
    field: 'fields',
  },
};

export function familyOf(model: AnyModel): ModelFamily {
  return familyOfKind[model.kind];
}

/** A model of any kind. @throws 'usage' for an unknown name, with the nearest known one */
export function findAnyModel(name: string): AnyModel {
  const model = allModels.find((candidate) => candidate.name === name);
  if (model) return model;
  const known = allModels.map((candidate) => candidate.name);
  throw new DeepTasteError('usage', `model: there is no "${name}"${suggestion(name, known)}`);
}

/** A model of users and items. @throws 'usage' for an unknown name, or one of another family */
export function findModel(name: string): Model {
  return ofFamily('users', name) as Model;
}

/** A model of sequences. @throws 'usage' for an unknown name, or one of another family */
export function findSequenceModel(name: string): AnySequenceModel {
  return ofFamily('sequences', name) as AnySequenceModel;
}

function ofFamily(wanted: ModelFamily, name: string): AnyModel {
  const model = findAnyModel(name);
  const family = familyOf(model);
  if (family === wanted) return model;
  const choices = allModels.filter((each) => familyOf(each) === wanted).map((each) => each.name);
  throw new DeepTasteError(
    'usage',
    `model: one of the ${familyTitles[wanted]} is needed here, found "${name}", one of the ${familyTitles[family]}; ` +
      `choose ${choices.join(', ')}`,
  );
}
