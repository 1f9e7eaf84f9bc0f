/** Measures one point of the growth curves in a process of its own, whose peak of memory is then that point's alone. */
import { measureScalePoint, type ScalePoint } from './scale-point.ts';

const [file, folder, point] = process.argv.slice(2);
process.send?.(await measureScalePoint(file, folder, JSON.parse(point) as ScalePoint));
process.disconnect?.();
