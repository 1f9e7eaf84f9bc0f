/** What the machine and the installation offer. A part that fails is reported as a problem, the others all the same. */
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os';
import { DeepTasteError } from '../core/errors.ts';
import type { KernelBuild } from '../core/kernel-build.ts';
import { version } from '../core/version.ts';
import { findBlas, installHint } from '../engine/runtime/blas.ts';
import { canRun, loadKernels } from '../engine/runtime/kernel-file.ts';
import { models } from '../models/index.ts';
import type { Terminal } from './terminal.ts';

const GIB = 1024 ** 3;

export async function examine(terminal: Terminal): Promise<void> {
  const problems: string[] = [];
  const attempt = async <T>(name: string, work: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}`);
      return null;
    }
  };
  const report = {
    deeptaste: version,
    node: process.versions.node,
    platform: `${platform()} ${release()}`,
    arch: arch(),
    cpu: cpus()[0]?.model.trim() || null,
    logicalCpus: cpus().length,
    threads: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    sharedArrayBuffer: typeof SharedArrayBuffer === 'function',
    relaxedSimd: await attempt('kernels', () => canRun('relaxed')),
    kernels: await attempt('kernels', () => loadKernels().build),
    duckdb: await attempt('duckdb', duckdbVersion),
    blas: await attempt('blas', systemBlas),
    models: models.map(({ name }) => name),
    problems: [...new Set(problems)],
  };
  terminal.print(asText(report));
  terminal.document(report);
  if (problems.length > 0)
    throw new DeepTasteError(
      'io',
      `doctor: ${report.problems.length} of the parts do not work: ${report.problems.join('; ')}`,
    );
}

async function duckdbVersion(): Promise<string> {
  const { Database } = await import('../data/readers/database.ts');
  return Database.use(async (database) => {
    const { version: text } = await database.row<{ version: string }>('SELECT version() AS version');
    return text;
  });
}

interface MachineReport {
  readonly deeptaste: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string | null;
  readonly logicalCpus: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly sharedArrayBuffer: boolean;
  readonly relaxedSimd: boolean | null;
  readonly kernels: KernelBuild | null;
  readonly duckdb: string | null;
  readonly blas: { readonly title: string; readonly path: string } | { readonly notice: string } | null;
  readonly models: readonly string[];
}

/** What `--blas auto` would use. */
function systemBlas(): MachineReport['blas'] {
  const { library, notice } = findBlas('auto');
  return library ?? (notice === null ? null : { notice });
}

function blasText(blas: MachineReport['blas']): string {
  if (blas === null)
    return `none found: the kernels compute all (${installHint()} makes dense layers two to three times faster)`;
  return 'notice' in blas ? blas.notice : `${blas.title} (${blas.path})`;
}

function asText(report: MachineReport): string {
  const yes = (value: boolean | null) => (value === null ? 'not known' : value ? 'yes' : 'no');
  const kernels: Record<KernelBuild, string> = {
    wide: 'wide (256 bits, fused multiply-add)',
    relaxed: 'relaxed SIMD (128 bits, fused multiply-add); Node 24 or newer on x64 with AVX2 runs the wide build',
    simd: 'plain SIMD (128 bits); Node 24 or newer runs the faster relaxed build',
  };
  const rows: [string, string][] = [
    ['deeptaste', report.deeptaste],
    ['node', report.node],
    ['platform', `${report.platform}, ${report.arch}`],
    ['cpu', report.cpu ?? 'not told by the system'],
    ['threads', `${report.threads} (of ${report.logicalCpus} logical CPUs)`],
    ['memory', `${(report.memoryBytes / GIB).toFixed(1)} GiB, ${(report.freeMemoryBytes / GIB).toFixed(1)} GiB free`],
    ['relaxed SIMD', yes(report.relaxedSimd)],
    ['kernels', report.kernels === null ? 'cannot be loaded' : kernels[report.kernels]],
    ['shared memory', yes(report.sharedArrayBuffer)],
    ['DuckDB', report.duckdb ?? 'cannot be loaded'],
    ['BLAS', blasText(report.blas)],
    ['models', `${report.models.length}, listed by deeptaste models`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join('\n');
}
