/**
 * The program that scores one user against a tile of items, given what depends on the user alone and on the item alone: the
 * user's parts are one row that every row of the tile reads, the items' parts are rows of one array.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { affine } from '../ops/index.ts';
import type { Engine } from '../runtime/engine.ts';
import type { ParameterStore } from '../runtime/parameter-store.ts';
import { Placement } from './placement.ts';
import { instructionFor, writeProgram } from './program.ts';
import { kernelCall, requirements, schedule } from './schedule.ts';

const TILE = 128;

export interface PairProgram {
  readonly address: number;
  readonly length: number;
  readonly tileRows: number;
  /** Arithmetic of the matrix products of a pair. */
  readonly flopsOfPair: number;
  readonly scratchBytes: number;
  free(): void;
}

/**
 * @param userParts,itemParts input leaves; in the arrays they lie one after the other in a row
 * @param score batch [B, 1]
 */
export function pairProgram(
  engine: Engine,
  store: ParameterStore,
  userParts: readonly Tensor[],
  itemParts: readonly Tensor[],
  score: Tensor,
): PairProgram {
  const placement = new Placement(engine, store);
  placeParts(placement, userParts, code.USER);
  placeParts(placement, itemParts, code.ITEM);
  // a part or a view of one is computed by no kernel, so it is copied to where scores go
  const output = kernelCall(score) ? score : affine(score, 1);
  const { levels } = schedule([output]);
  if (levels.length > 1)
    throw new DeepTasteError('shape', 'pair score: must not depend on sums over the batch; score rows one by one');
  const [{ shared, rows }] = levels;
  for (const tensor of shared) placement.setShared(tensor);
  placement.set(output, { offset: 0, mode: code.LANE, stride: 1 });
  placement.placeInScratch(rows, rows.map(requirements), TILE);
  const prepare = shared.map((tensor) => instructionFor(tensor, placement));
  engine.kernels.setTile(0, 1);
  // a ranking packs and multiplies without the system BLAS
  engine.kernels.allowBlas(0);
  engine.kernels.runProgram(writeProgram(engine, placement, prepare), prepare.length);
  const instructions = rows.map((tensor) => instructionFor(tensor, placement));
  const address = writeProgram(engine, placement, instructions);
  return {
    address,
    length: instructions.length,
    tileRows: TILE,
    flopsOfPair: instructions.reduce((sum, { cost }) => sum + cost.flopsOfRow, 0),
    scratchBytes: Math.ceil(placement.scratchBytes / 64) * 64,
    free: () => placement.free(),
  };
}

function placeParts(placement: Placement, parts: readonly Tensor[], mode: number): void {
  const stride = parts.reduce((sum, part) => sum + part.size, 0);
  let offset = 0;
  for (const part of parts) {
    placement.set(part, { offset: offset * 4, mode, stride });
    offset += part.size;
  }
}
