/** How much memory this computer can still give. */
import { freemem, totalmem } from 'node:os';

/** Bytes. Under macOS all memory: its figure of free memory leaves out caches that it would give up at once. */
export function availableMemory(): number {
  if (process.platform === 'darwin') return totalmem();
  // knows of the limits of a container; since Node 20.13
  return process.availableMemory?.() ?? freemem();
}
