/** Runs the bench of fields, which stands apart: it writes large files and takes minutes. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fieldSections } from '../benchmark/field-report.ts';
import { measureFields } from '../benchmark/field-speed.ts';
import { sectionsMarkdown } from '../benchmark/report.ts';
import { DeepTasteError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import { Engine } from '../engine/runtime/engine.ts';
import { type BenchRequest, commandLine, printSection, refuseFlags, write } from './bench-run.ts';
import type { Terminal } from './terminal.ts';

/** @throws 'usage' beside other workloads, or with flags that are about them */
export async function benchFields(names: readonly string[], request: BenchRequest, terminal: Terminal): Promise<void> {
  if (names.length > 1) {
    const other = names.find((name) => name !== 'fields') ?? 'fields';
    throw new DeepTasteError(
      'usage',
      `bench fields: runs alone, found "${other}" too; measure the others in a run of their own`,
    );
  }
  refuseFlags('fields', request, ['peers', 'python', 'tfjs']);
  const threads = request.threads ?? availableParallelism();
  const rows = request.rows ?? (request.quick ? 50_000 : 1_000_000);
  const loadBefore = loadavg()[0];
  const engines = (threads === 1 ? [1] : [1, threads]).map(
    (count) => new Engine({ threads: count, kernels: request.kernels, blas: request.blas ?? 'auto' }),
  );
  try {
    const progress = await terminal.progress();
    const speed = await measureFields({ engines, rows, progress });
    const sections = fieldSections(speed);
    for (const section of sections) printSection(terminal, section);
    const [{ build, blas }] = engines;
    const versions = { deeptaste: version, node: process.versions.node, kernels: build, blas: blas?.title ?? null };
    const computer = { cpu: cpus()[0]?.model ?? 'unknown', processors: availableParallelism(), loadBefore };
    const document = { versions, computer, ...speed };
    const where =
      `deeptaste ${version}, Node ${versions.node}, ${build} kernels, ${versions.blas ?? 'no system BLAS'}, ${computer.cpu} ` +
      `(${computer.processors} processors), load before the run ${loadBefore.toFixed(1)}.`;
    terminal.print(where);
    terminal.document(document);
    if (request.write === undefined) return;
    await write(request.write, 'fields.json', `${JSON.stringify(document, null, 2)}\n`);
    const command = commandLine(['fields'], request);
    await write(request.write, 'fields.md', sectionsMarkdown('Speed of models over fields', command, where, sections));
  } finally {
    for (const engine of engines) engine.close();
  }
}
