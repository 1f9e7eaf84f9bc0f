/** An operand: offset in bytes, addressing mode, row stride in elements (see kernels/opcodes.ts). */
export interface Place {
  readonly offset: number;
  readonly mode: number;
  readonly stride: number;
}
