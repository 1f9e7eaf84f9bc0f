/** How much memory this computer can still give. */
import { freemem, totalmem } from 'node:os';

/** Bytes. Under macOS, whose figure of free memory leaves out what it would give up at once, all there is. */
export function availableMemory(): number {
  if (process.platform === 'darwin') return totalmem();
  // knows of the limits of a container; since Node 20.13
  return process.availableMemory?.() ?? freemem();
}
