/** `deeptaste bench`: how fast this machine trains and ranks, against its own limits and against peers. */
import { Command } from 'commander';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface BenchFlags extends CommonOptions {
  readonly peers?: boolean;
  readonly python?: string;
  readonly tfjs?: string;
  readonly threads?: string;
  readonly quick?: boolean;
  readonly write?: string;
  readonly blas?: string;
  readonly scale?: boolean;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure training and ranking speed against this machine’s limits and against peers')
    .argument('[workload...]', 'machine, products, training, models, ranking, graph, retrieval (default: all)')
    .option('--peers', 'time PyTorch, plain loops and TensorFlow.js too (from a checkout of the source)')
    .option('--python <path>', 'Python that has PyTorch (default: DEEPTASTE_PYTHON, else python3)')
    .option('--tfjs <folder>', 'folder whose node_modules holds @tensorflow/tfjs (default: this folder)')
    .option('--threads <n>', 'threads to compare with one (default: all)')
    .option('--blas <auto|off|path>', 'system BLAS to measure beside WebAssembly', 'auto')
    .option('--scale', 'growth curves instead: time and memory up to 10⁸ interactions and 10⁷ items')
    .option('--quick', 'short and rough')
    .option('--write <folder>', 'write speed.md and speed.json (scale.md and scale.json) there')
    .action(async (names: string[], flags: BenchFlags) => {
      if (flags.scale) {
        const { benchScale } = await import('../bench-scale.ts');
        return benchScale(names, flags, new Terminal(flags));
      }
      const { bench } = await import('../bench-run.ts');
      await bench(names, flags, new Terminal(flags));
    });
}
