/** What is asked of a model, with the data at hand: what it learns from, how it is measured, and what a recommender of it knows. */

import type { ArtifactInfo } from '../artifact/manifest.ts';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import type { NamedTensors } from '../core/named-tensors.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Protocol } from '../evaluation/protocol.ts';
import type { HeldOutPart } from '../evaluation/ranking.ts';
import type { Result } from '../evaluation/result.ts';
import type { Form, Forms } from '../examples/forms.ts';
import type { TaskName, TrainingSizes } from '../examples/model.ts';
import type { Continuation } from './continuation.ts';

/** The validation metric by a scorer. */
export interface Validation<F extends Form> {
  of(scorer: Forms[F]['scorer']): number;
}

export interface Task<F extends Form = Form, R extends Result = Result> {
  readonly name: TaskName;
  /** Form of the data that its models learn from. */
  readonly form: F;
  /** Names the data and the split, and what else was made of them, in the fingerprint of a run. */
  readonly identity: { readonly data: string; readonly [key: string]: unknown };
  /** What defaults of a training may follow; absent = nothing. */
  readonly sizes?: TrainingSizes;
  /** What of the split concerns the test part. @throws 'data' when there is none */
  testSplit(): Protocol['split'];
  /** Where training goes on from a saved recommender: how the rows stand to those of its training; else null. */
  readonly continuation: Continuation | null;
  /** Settings of the training that the task itself says. */
  readonly training: object;
  /** Training rows, and all rows that the data hold. */
  readonly nTrained: number;
  readonly nRows: number;
  /** What a model learns from. */
  data(): Forms[F]['data'];
  /** The validation metric of present weights, higher is better; undefined without a validation part. */
  validator(engine: Engine): Validation<F>['of'] | undefined;
  /** What the validation metric is, and how rows are held out for it where there are none. */
  readonly validation: { readonly metric: string; readonly advice: string };
  /** Whether there is something to measure. */
  readonly isMeasured: boolean;
  /** @param part 'test' by default; the validation part is ranked as for `validator`, with the values of users */
  measure(engine: Engine, scorer: Forms[F]['scorer'], progress: Progress, part?: HeldOutPart): R;
  /** The same with the validation rows given back to training; null where there are none. */
  withoutValidation(): Task<F, R> | null;
  /** The same with all rows of the data in training; null when they are there already. */
  whole(): Task<F, R> | null;
  /** What a recommender knows of the data. */
  about(): Pick<ArtifactInfo, 'schema' | 'data' | 'rating'>;
  /** Of models over fields whose training goes on: for every row of the tables of fields and crosses the one that it was, −1 = new. */
  formerRows?(): { readonly field: Int32Array; readonly cross: Int32Array };
  parts(weights: NamedTensors): Omit<RecommenderParts, 'info'>;
}
