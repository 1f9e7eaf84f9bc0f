/** `deeptaste bench`: how fast this machine trains and ranks, against its own limits and against peers. */
import { Command, Option } from 'commander';
import { KERNEL_BUILDS } from '../../core/kernel-build.ts';
import type { BenchRequest } from '../bench-run.ts';
import { threadCount, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

const rowCount = wholeNumber(1000, 1_000_000_000);

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure training and ranking speed against this machine’s limits and against peers')
    .argument(
      '[workload...]',
      'machine, products, training, models, ranking, graph, retrieval (default: all), or alone: fields, or scale ' +
        '(growth curves: time and memory up to 10⁸ interactions and 10⁷ items)',
    )
    .option('--peers', 'time PyTorch, plain loops and TensorFlow.js too (from a checkout of the source)')
    .option('--python <path>', 'Python that has PyTorch (default: DEEPTASTE_PYTHON, else python3)')
    .option('--tfjs <folder>', 'folder whose node_modules holds @tensorflow/tfjs (default: this folder)')
    .option('--threads <n>', 'threads to compare with one (default: all)', threadCount)
    .option('--blas <auto|off|path>', 'system BLAS to measure beside WebAssembly (default: auto)')
    .addOption(new Option('--kernels <build>', 'WebAssembly kernels (default: the fastest)').choices(KERNEL_BUILDS))
    .option('--quick', 'short and rough')
    .option('--rows <n>', 'of the workload fields: rows of the CSV file (default: 1,000,000; 260 bytes each)', rowCount)
    .option('--write <folder>', 'write speed.md and speed.json there (fields.md …, scale.md …)')
    .action(async (names: string[], flags: CommonOptions & BenchRequest) => {
      if (names.includes('scale')) {
        const { benchScale } = await import('../bench-scale.ts');
        return benchScale(names, flags, new Terminal(flags));
      }
      if (names.includes('fields')) {
        const { benchFields } = await import('../bench-fields.ts');
        return benchFields(names, flags, new Terminal(flags));
      }
      const { bench } = await import('../bench-run.ts');
      await bench(names, flags, new Terminal(flags));
    });
}
