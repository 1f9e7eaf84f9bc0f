/** Parameters and operands of an instruction on the current tile. Formats in `opcodes.ts`. */
import * as op from './opcodes';
import { itemBase, laneBase, scratchBase, tileStart, userBase } from './tile';

// @ts-ignore: decorator
@inline
export function parameter(at: usize, n: i32): i32 {
  return load<i32>(at + ((op.FIRST_PARAMETER + n) << 2));
}

// @ts-ignore: decorator
@inline
export function address(at: usize, n: i32): usize {
  const p = at + ((op.FIRST_OPERAND + 3 * n) << 2);
  const offset = <usize>load<u32>(p);
  switch (load<i32>(p, 4)) {
    case op.ABSOLUTE: return offset;
    case op.SCRATCH: return scratchBase + offset;
    case op.BATCH: return offset + ((<usize>tileStart * load<u32>(p, 8)) << 2);
    case op.LANE: return laneBase + offset;
    case op.USER: return userBase + offset;
    default: return itemBase + offset + ((<usize>tileStart * load<u32>(p, 8)) << 2);
  }
}

// @ts-ignore: decorator
@inline
export function stride(at: usize, n: i32): i32 {
  const p = at + ((op.FIRST_OPERAND + 3 * n) << 2);
  return load<i32>(p, 4) == op.USER ? 0 : load<i32>(p, 8);
}

/** Whether operand n of an instruction has rows of `width` elements without gaps. */
// @ts-ignore: decorator
@inline
export function isDense(at: usize, n: i32, width: i32): bool {
  return width == 0 || stride(at, n) == width;
}
