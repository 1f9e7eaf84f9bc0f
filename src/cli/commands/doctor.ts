/** `deeptaste doctor`: what this machine offers, and whether what deeptaste needs is there. */
import { Command } from 'commander';
import { type CommonOptions, Terminal } from '../terminal.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what this machine offers: SIMD, threads, memory, database')
    .action(async (flags: CommonOptions) => {
      const { examine } = await import('../machine-report.ts');
      await examine(new Terminal(flags));
    });
}
