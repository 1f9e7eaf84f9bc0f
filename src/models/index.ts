/** The closed list of models: the command line, artifacts, conformance tests and documentation all come from it. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { type Form, formTitles } from '../examples/forms.ts';
import type { AnyModel, Model, TaskName } from '../examples/model.ts';
import { autoDeepfm } from './auto-deepfm.ts';
import { autoField } from './auto-field.ts';
import { autoFm } from './auto-fm.ts';
import { bias } from './bias.ts';
import { biasedMf } from './biased-mf.ts';
import { bprMf } from './bpr-mf.ts';
import { caser } from './caser.ts';
import { daso } from './daso.ts';
import { dcnV2 } from './dcn-v2.ts';
import { deepfm } from './deepfm.ts';
import { dscf } from './dscf.ts';
import { ease } from './ease.ts';
import { finalMlp } from './final-mlp.ts';
import { fm } from './fm.ts';
import { gfCf } from './gf-cf.ts';
import { gmf } from './gmf.ts';
import { graphrec } from './graphrec.ts';
import { gru4rec } from './gru4rec.ts';
import { ials } from './ials.ts';
import { irgan } from './irgan.ts';
import { itemKnn } from './item-knn.ts';
import { kbgan } from './kbgan.ts';
import { lightgcn } from './lightgcn.ts';
import { logisticMf } from './logistic-mf.ts';
import { lr } from './lr.ts';
import { markov } from './markov.ts';
import { mhcn } from './mhcn.ts';
import { mlp } from './mlp.ts';
import { neumf } from './neumf.ts';
import { nfm } from './nfm.ts';
import { popularity } from './popularity.ts';
import { reinforce } from './reinforce.ts';
import { sasrec } from './sasrec.ts';
import { sequencePopularity } from './sequence-popularity.ts';
import { sessionItemKnn } from './session-item-knn.ts';
import { sessionPopularity } from './session-popularity.ts';
import { svdpp } from './svdpp.ts';
import { trustsvd } from './trustsvd.ts';
import { ultragcn } from './ultragcn.ts';
import { vsknn } from './vsknn.ts';
import { wideDeep } from './wide-deep.ts';

const pairModels = [
  popularity,
  itemKnn,
  ease,
  ials,
  gfCf,
  bprMf,
  logisticMf,
  gmf,
  mlp,
  neumf,
  lightgcn,
  ultragcn,
  mhcn,
  irgan,
  kbgan,
  daso,
  bias,
  biasedMf,
  svdpp,
  trustsvd,
  dscf,
  graphrec,
];
const sequenceModels = [
  sequencePopularity,
  sessionPopularity,
  sessionItemKnn,
  markov,
  vsknn,
  gru4rec,
  sasrec,
  caser,
  reinforce,
];
const rowModels = [lr, fm, nfm, wideDeep, deepfm, dcnV2, finalMlp, autoFm, autoDeepfm, autoField];

/** All models; their names differ. */
export const models: readonly AnyModel[] = [...pairModels, ...sequenceModels, ...rowModels];

/** @throws 'usage' for an unknown name, with the nearest known one */
export function findModel(name: string): AnyModel {
  const model = models.find((candidate) => candidate.name === name);
  if (model) return model;
  const known = models.map((candidate) => candidate.name);
  throw new DeepTasteError('usage', `model: there is no "${name}"${suggestion(name, known)}`);
}

/** A model that learns from this form of data. @throws 'usage' for an unknown name, or one of another form */
export function findModelOf<F extends Form>(form: F, name: string): Model<unknown, F> {
  const model = findModel(name);
  if (isOf(form, model)) return model;
  const choices = modelsOf(form).map((each) => each.name);
  throw new DeepTasteError(
    'usage',
    `model: one of the ${formTitles[form]} is needed here, found "${name}", one of the ${formTitles[model.form]}; ` +
      `choose ${choices.join(', ')}`,
  );
}

/**
 * The model as it is trained and scores for a task.
 * @throws 'config' for a task that the model cannot do, with those that can
 */
export function modelForTask<F extends Form>(model: Model<unknown, F>, task: TaskName): Model<unknown, F> {
  if (model.tasks[0] !== task && task === 'rating' && model.rating) return model.rating;
  if (model.tasks.includes(task)) return model;
  const able = models.filter(({ tasks }) => tasks.includes(task)).map(({ name }) => name);
  throw new DeepTasteError(
    'config',
    `task "${task}": ${model.title} (${model.name}) can be asked for ${model.tasks.join(', ')}; choose ${able.join(', ')}`,
    { key: 'task', task },
  );
}

/** The models that learn from this form of data. */
export function modelsOf<F extends Form>(form: F): Model<unknown, F>[] {
  return models.filter((model): model is Extract<AnyModel, Model<unknown, F>> => isOf(form, model));
}

function isOf<F extends Form>(form: F, model: AnyModel): model is Extract<AnyModel, Model<unknown, F>> {
  return model.form === form;
}
