/** A study of negatives as a picture: how much a negative teaches, and how many teach nothing, epoch by epoch. */
import { DeepTasteError } from '../core/errors.ts';
import { linePlot } from '../evaluation/line-plot.ts';
import { IDLE_SLOPE } from './negative-study.ts';
import type { NegativeLook, NegativeStudy } from './negative-study-schema.ts';

const panels: readonly { readonly title: string; value(look: NegativeLook): number }[] = [
  { title: 'mean |∂loss / ∂score| of a negative', value: ({ meanSlope }) => meanSlope },
  { title: `share of the negatives with |∂loss / ∂score| < ${IDLE_SLOPE}`, value: ({ idle }) => idle },
];

/** The text of an SVG file. @throws DeepTasteError `usage`: no epoch was looked at */
export function negativePlot({ samplers, model }: NegativeStudy): string {
  const epochs = Math.max(0, ...samplers.flatMap(({ looks }) => looks.map(({ epoch }) => epoch)));
  if (epochs === 0)
    throw new DeepTasteError('usage', 'negatives: the picture shows epochs, found none; train for one at least');
  const x = (epoch: number) => (epochs === 1 ? 0 : (epoch - 1) / (epochs - 1));
  const marked = [...new Set([1, Math.ceil(epochs / 2), epochs])];
  return linePlot({
    title: `What negatives teach: ${model}`,
    about: 'at the beginning of each epoch, negatives as they are drawn then',
    names: samplers.map(({ sampler }) => sampler),
    panels: panels.map(({ title, value }) => ({
      title,
      lines: samplers.map(({ looks }) => looks.map((look) => ({ x: x(look.epoch), y: value(look) }))),
      floor: 0,
    })),
    marks: marked.map((epoch) => ({ x: x(epoch), text: `epoch ${epoch}` })),
  });
}
