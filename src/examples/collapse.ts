/** Tells a generator that offers next to nothing different to different people. */
import { DeepTasteError } from '../core/errors.ts';

export interface Variety {
  readonly epoch: number;
  /** Mean entropy of a person's softmax. */
  readonly entropy: number;
  /** Effective number of targets that all people are offered together: e to the entropy of their mean softmax. */
  readonly together: number;
  readonly nTargets: number;
  /** Of the game. */
  readonly name: string;
}

/** Fewer people or targets say nothing of a collapse. */
const LEAST = { people: 10, targets: 10 };
/** Effective numbers of targets of all people together: under the first it has collapsed, under the others a warning is given. */
const COLLAPSED = 1.5;
const LEAST_TOGETHER = 3;
const LEAST_SHARE = 0.01;

export const saysNothing = (people: number, nTargets: number): boolean =>
  people < LEAST.people || nTargets < LEAST.targets;

export class CollapseWatch {
  #isWarned = false;

  /**
   * A warning where all people together are offered little, once until that changes.
   * @throws 'numeric' where everybody is offered the same
   */
  judge({ epoch, entropy, together, nTargets, name }: Variety): readonly string[] {
    const told =
      `the ${name} generator draws as if from ${Math.exp(entropy).toFixed(1)} of ${nTargets.toLocaleString('en-US')} ` +
      `for one person, ${together.toFixed(1)} for all together`;
    if (together < COLLAPSED)
      throw new DeepTasteError(
        'numeric',
        `training: the generator must draw different things for different people, found it collapsed after epoch ${epoch + 1}: ${told}; ` +
          'set a baseline (training.baseline=mean), an entropy weight (training.entropyWeight), or a lower rate (training.generatorLearningRate)',
        { epoch, game: name },
      );
    const isVaried = together >= Math.max(LEAST_TOGETHER, LEAST_SHARE * nTargets);
    const isNew = !isVaried && !this.#isWarned;
    this.#isWarned = !isVaried;
    if (!isNew) return [];
    return [
      `warning: ${told}: it is collapsing; training.entropyWeight keeps it wider, training.generatorLearningRate slower`,
    ];
  }
}
