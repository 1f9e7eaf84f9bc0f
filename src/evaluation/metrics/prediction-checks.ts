/** What predictions must hold before a metric of them means anything. */
import { DeepTasteError } from '../../core/errors.ts';

export function checkLengths(metric: string, labels: ArrayLike<number>, predictions: ArrayLike<number>): void {
  if (labels.length === 0)
    throw new DeepTasteError('data', `${metric}: at least one row is needed, got none; check the filters of the data`);
  if (labels.length !== predictions.length)
    throw new DeepTasteError(
      'data',
      `${metric}: labels and predictions must have one value a row, got ${labels.length} and ${predictions.length}; predict every row`,
      { labels: labels.length, predictions: predictions.length },
    );
}

export function checkBinaryLabels(metric: string, labels: ArrayLike<number>): void {
  for (let row = 0; row < labels.length; row++)
    if (labels[row] !== 0 && labels[row] !== 1)
      throw new DeepTasteError(
        'data',
        `${metric}: labels must be 0 or 1, row ${row} is ${labels[row]}; set a threshold that turns ratings into labels`,
        { row, label: labels[row] },
      );
}

/** @param what the name of the values in the message, e.g. `score` */
export function checkNumbers(metric: string, what: string, values: ArrayLike<number>): void {
  for (let row = 0; row < values.length; row++)
    if (Number.isNaN(values[row]))
      throw new DeepTasteError(
        'numeric',
        `${metric}: every ${what} must be a number, row ${row} is NaN; the training has diverged: lower the learning rate (optimizer.learningRate)`,
        { row },
      );
}

/** @throws DeepTasteError `data`: a probability outside [0, 1] */
export function checkProbabilities(metric: string, probabilities: ArrayLike<number>): void {
  for (let row = 0; row < probabilities.length; row++)
    if (probabilities[row] < 0 || probabilities[row] > 1)
      throw new DeepTasteError(
        'data',
        `${metric}: probabilities must be in [0, 1], row ${row} is ${probabilities[row]}; apply the sigmoid to logits first`,
        { row, probability: probabilities[row] },
      );
}
