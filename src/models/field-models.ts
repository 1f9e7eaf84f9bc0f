/** The closed list of models over feature fields. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { dcnV2 } from './dcn-v2.ts';
import { deepfm } from './deepfm.ts';
import type { FieldModel } from './field-model.ts';
import { finalMlp } from './final-mlp.ts';
import { fm } from './fm.ts';
import { lr } from './lr.ts';
import { nfm } from './nfm.ts';
import { wideDeep } from './wide-deep.ts';

export const fieldModels = [
  lr,
  fm,
  nfm,
  wideDeep,
  deepfm,
  dcnV2,
  finalMlp,
] as readonly unknown[] as readonly FieldModel[];

/** @throws 'usage' for an unknown name, with the nearest known one */
export function findFieldModel(name: string): FieldModel {
  const model = fieldModels.find((candidate) => candidate.name === name);
  if (model) return model;
  const known = fieldModels.map((candidate) => candidate.name);
  throw new DeepTasteError('usage', `model: there is no "${name}" over feature fields${suggestion(name, known)}`);
}
