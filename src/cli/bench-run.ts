/** Runs the bench and tells its result. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runBenchmark, type Workload, workloads } from '../benchmark/benchmark.ts';
import { provenance, type ReportSection, reportMarkdown, reportSections } from '../benchmark/report.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import type { KernelBuild } from '../core/kernel-build.ts';
import { suggestion } from '../core/nearest.ts';
import { readPlainText } from '../core/plain-file.ts';
import { textTable } from '../evaluation/text-table.ts';
import type { Terminal } from './terminal.ts';

export interface BenchRequest {
  readonly peers?: boolean;
  readonly python?: string;
  readonly tfjs?: string;
  readonly threads?: number;
  readonly quick?: boolean;
  readonly write?: string;
  readonly blas?: string;
  readonly kernels?: KernelBuild;
  readonly rows?: number;
}

export async function bench(names: readonly string[], request: BenchRequest, terminal: Terminal): Promise<void> {
  const chosen = names.map(workloadNamed);
  if (request.rows !== undefined)
    throw new DeepTasteError('usage', 'bench: --rows is for the workload fields, which is not asked for; add fields');
  for (const flag of ['python', 'tfjs'] as const)
    if (request[flag] !== undefined && !request.peers)
      throw new DeepTasteError('usage', `bench: --${flag} is for peers, which are not asked for; add --peers`);
  const python = request.python ?? process.env.DEEPTASTE_PYTHON ?? 'python3';
  const result = await runBenchmark({
    workloads: chosen.length > 0 ? chosen : workloads,
    threads: request.threads,
    quick: request.quick,
    blas: request.blas ?? 'auto',
    kernels: request.kernels,
    peers: request.peers ? { python, tfjs: request.tfjs ?? '.' } : undefined,
    progress: await terminal.progress(),
  });
  for (const section of reportSections(result)) printSection(terminal, section);
  terminal.print(provenance(result));
  terminal.document(result);
  if (request.write !== undefined) {
    await write(request.write, 'speed.json', `${JSON.stringify(result, null, 2)}\n`);
    const text = reportMarkdown(result, commandLine(chosen, request));
    await write(request.write, 'speed.md', text + (await handWritten(join(request.write, 'speed.md'))));
  }
}

/** What people wrote about the numbers, from this heading on, stays when the numbers are measured anew. */
const NOTES = '\n## Reading these numbers\n';

async function handWritten(file: string): Promise<string> {
  try {
    const text = await readPlainText(file);
    const start = text.indexOf(NOTES);
    return start < 0 ? '' : text.slice(start);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw ioError('reading', file, error);
  }
}

function workloadNamed(name: string): Workload {
  const known = workloads.find((each) => each === name);
  if (known) return known;
  throw new DeepTasteError(
    'usage',
    `bench: there is no workload "${name}"${suggestion(name, [...workloads, 'fields', 'scale'])}`,
  );
}

/** The command as others would type it: no paths of this machine. */
export function commandLine(workloads: readonly string[], request: BenchRequest): string {
  const { peers, rows, quick, threads, kernels, blas } = request;
  const flags = [
    peers && '--peers',
    rows !== undefined && `--rows ${rows}`,
    quick && '--quick',
    threads !== undefined && `--threads ${threads}`,
    kernels !== undefined && `--kernels ${kernels}`,
    blas === 'off' && '--blas off',
  ];
  return ['deeptaste bench', ...workloads, ...flags.filter((flag) => typeof flag === 'string')].join(' ');
}

/** @throws 'usage' for a flag that the workload does not look at */
export function refuseFlags(workload: string, request: BenchRequest, flags: readonly (keyof BenchRequest)[]): void {
  const found = flags.find((flag) => request[flag] !== undefined);
  if (found === undefined) return;
  throw new DeepTasteError('usage', `bench ${workload}: has no use for --${found}, found it; leave it out`);
}

export function printSection(terminal: Terminal, { title, header, rows, notes }: ReportSection): void {
  const columns = header.map((name, n) => ({
    header: name,
    align: n === 0 ? ('left' as const) : ('right' as const),
    cells: rows.map((row) => row[n]),
  }));
  const table = textTable(columns);
  terminal.print(terminal.strong(title));
  for (const line of [table.header, table.rule, ...table.rows, ...notes, '']) terminal.print(line);
}

export async function write(folder: string, name: string, text: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw ioError('writing', folder, error);
  }
  await writeFileAtomic(join(folder, name), text);
}
