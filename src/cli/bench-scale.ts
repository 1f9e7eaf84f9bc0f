/** Runs the growth curves and tells their result. */
import { measureScale } from '../benchmark/scale.ts';
import { scaleMarkdown, scaleSections, scaleText } from '../benchmark/scale-report.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type BenchRequest, printSection, threadCount, write } from './bench-run.ts';
import type { Terminal } from './terminal.ts';

export async function benchScale(names: readonly string[], request: BenchRequest, terminal: Terminal): Promise<void> {
  if (names.length > 1 || request.peers || request.python !== undefined || request.tfjs !== undefined)
    throw new DeepTasteError('usage', 'bench scale: runs alone, without other workloads and peers; leave them out');
  const threads = request.threads === undefined ? undefined : threadCount(request.threads);
  const report = await measureScale({ quick: request.quick, threads, progress: await terminal.progress() });
  for (const section of scaleSections(report)) printSection(terminal, section);
  terminal.document(report);
  if (request.write === undefined) return;
  const flags = [request.quick && '--quick', threads !== undefined && `--threads ${threads}`].filter(Boolean);
  const command = ['deeptaste bench scale', ...flags].join(' ');
  await write(request.write, 'scale.json', `${JSON.stringify(report, null, 2)}\n`);
  await write(request.write, 'scale.md', scaleMarkdown(report, command, scaleText));
}
