/** Instructions that compute no tensor of the expression: they fill the batch, sum the losses and copy. */
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import type { Carried, Feed } from './feed.ts';
import type { Place } from './place.ts';
import type { Placement } from './placement.ts';
import { type Instruction, noCost } from './program.ts';

/** An instruction without a cost or an output to look at; `rows` 0 = those of the tile. */
function plain(
  opcode: number,
  label: string,
  operands: readonly Place[],
  parameters: number[] = [],
  rows = 0,
): Instruction {
  return { opcode, rows, parameters, operands, label, kind: 'op', cost: noCost, output: null };
}

const recordPlace = (feed: Feed): Place => ({ offset: feed.record, mode: code.ABSOLUTE, stride: 0 });

/** Fills the leaves of a tile or, if the feed runs once, of the batch. */
export function feedInstruction(feed: Feed, placement: Placement): Instruction {
  const leaves = [...(feed.inputs ?? []), ...feed.outputs].map((leaf) => placement.read(leaf));
  return { ...plain(feed.opcode, 'drawing of examples', [recordPlace(feed), ...leaves]), kind: 'sampling' };
}

/** Draws the entries of `list` that lie in a block, for a feed with `drawn` lists. */
export function drawInstruction(feed: Feed, list: Tensor, placement: Placement): Instruction {
  const operands = [recordPlace(feed), { offset: placement.read(list).offset, mode: code.BATCH, stride: 1 }];
  const { opcode } = feed.drawn as NonNullable<Feed['drawn']>;
  return { ...plain(opcode, `drawing of ${list.label}`, operands), kind: 'sampling' };
}

/** Copies carried rows to the leaf they begin the step as, for a feed with `carryOpcode`. */
export function carryInstruction(feed: Feed, { leaf, output }: Carried, placement: Placement): Instruction {
  const [from, to] = [output, leaf].map((tensor) => ({ ...placement.read(tensor), mode: code.ABSOLUTE }));
  return plain(feed.carryOpcode as number, `carried ${leaf.label}`, [recordPlace(feed), from, to], [leaf.size]);
}

/** Adds the losses of a tile to the sum of its lane. */
export function lossSumInstruction(loss: Tensor, placement: Placement): Instruction {
  const operands = [placement.read(loss), { offset: 0, mode: code.LANE, stride: 1 }];
  return plain(code.SUM_LOSS, 'sum of the losses', operands);
}

/** Copies a shared value as one row. */
export function copyInstruction(value: Tensor, to: Place, label: string, placement: Placement): Instruction {
  return plain(code.COPY, label, [{ ...placement.read(value), stride: value.size }, to], [value.size, 0], 1);
}
