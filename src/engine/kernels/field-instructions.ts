/** Instructions that read rows of tables, and of feature fields. */
import { gather, gatherList } from './elementwise';
import { bilinear, bilinearGradient, gatherSlots, poolSlots, repeatFields, spreadSlots, sumFields } from './fields';
import * as op from './opcodes';
import { address, parameter, stride } from './operands';

export function runFieldInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.GATHER:
      gather(a, aRow, p1, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.GATHER_LIST: gatherList(a, aRow, p1, b, c, cRow, rows, p0); break;
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
    default: unreachable();
  }
}
