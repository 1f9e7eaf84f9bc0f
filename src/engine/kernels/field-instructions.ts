/** Instructions of models over feature fields. */
import { drawRows, fetchSlots } from './draw-rows';
import { dropout } from './dropout';
import { bilinear, bilinearGradient, gatherSlots, poolSlots, repeatFields, spreadSlots, sumFields } from './fields';
import { combine, sumProducts } from './normalise';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';
import { epochNumber, firstSlot, tileStart } from './tile';

export function runFieldInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.GATHER_SLOTS:
      // p0 width, p1 rows of the table, slots; operands table, index, value, field of slot, out
      gatherSlots(a, aRow, p1, b, bRow, c, cRow, address(at, 3), address(at, 4), stride(at, 4), rows, p0, parameter(at, 2));
      break;
    case op.SPREAD_SLOTS: spreadSlots(a, aRow, b, bRow, c, address(at, 3), stride(at, 3), rows, p0, p1); break;
    case op.POOL_SLOTS: poolSlots(a, aRow, b, bRow, c, address(at, 3), stride(at, 3), rows, p0, p1); break;
    case op.BILINEAR: bilinear(a, aRow, b, bRow, rows, p0, p1); break;
    case op.BILINEAR_GRADIENT: bilinearGradient(a, aRow, b, bRow, c, cRow, rows, p0, p1); break;
    case op.SUM_FIELDS: sumFields(a, aRow, b, bRow, rows, p0, p1); break;
    case op.REPEAT_FIELDS: repeatFields(a, aRow, b, bRow, rows, p0, p1); break;
    case op.COMBINE:
      // operands a, p, b, q, m, c, out
      combine(
        a, aRow, b, c, cRow, address(at, 3), address(at, 4), address(at, 5), address(at, 6), stride(at, 6), rows, p0,
      );
      break;
    case op.SUM_PRODUCTS: sumProducts(a, aRow, b, bRow, address(at, 3), c, rows, p0); break;
    case op.DROPOUT:
      // p0 width, p1 bits of the scale, threshold, key
      dropout(
        a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1), <u32>parameter(at, 2), firstSlot + tileStart, epochNumber,
        <u32>parameter(at, 3), <u32>parameter(at, 4),
      );
      break;
    case op.DRAW_ROWS:
      drawRows(a, firstSlot + tileStart, epochNumber, b, c, address(at, 3), address(at, 4), rows);
      break;
    case op.FETCH_SLOTS: fetchSlots(a, b, c, address(at, 3), rows); break;
    default: unreachable();
  }
}
