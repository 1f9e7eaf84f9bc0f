/** Runs the growth curves and tells their result. */
import { measureScale } from '../benchmark/scale.ts';
import { scaleMarkdown, scaleSections, scaleText } from '../benchmark/scale-report.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type BenchRequest, commandLine, printSection, refuseFlags, write } from './bench-run.ts';
import type { Terminal } from './terminal.ts';

export async function benchScale(names: readonly string[], request: BenchRequest, terminal: Terminal): Promise<void> {
  if (names.length > 1)
    throw new DeepTasteError('usage', 'bench scale: runs alone, without other workloads and peers; leave them out');
  refuseFlags('scale', request, ['peers', 'python', 'tfjs', 'rows', 'blas', 'kernels']);
  const { quick, threads } = request;
  const report = await measureScale({ quick, threads, progress: await terminal.progress() });
  for (const section of scaleSections(report)) printSection(terminal, section);
  terminal.document(report);
  if (request.write === undefined) return;
  const command = commandLine(['scale'], request);
  await write(request.write, 'scale.json', `${JSON.stringify(report, null, 2)}\n`);
  await write(request.write, 'scale.md', scaleMarkdown(report, command, scaleText));
}
