/** Reads and splits the log named by the argument in a process of its own, and prints the process's peak of memory in bytes. */
import { loadSplit } from '../../src/data/splits/split-dataset.ts';

await loadSplit({ files: [process.argv[2]], readMemory: 0.5 }, { method: 'time' });
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}`);
