/**
 * Marks on what a process makes for a while (`….tmp-<process>-<mark>`): they tell later processes whether its maker is gone, so that
 * what a kill has left behind can be removed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What marks look like: the number of the process, then twelve digits. */
export const markPattern = /^(\d+)-([0-9a-f]{12})$/;

/** `<process>-<mark>`, another one with every call. */
export function freshMark(): string {
  return `${process.pid}-${machineDigits()}${randomBytes(3).toString('hex')}`;
}

/**
 * Whether the process of a mark is known to have ended. Of a process on another machine, in another container or before the last start
 * of this one nothing is known.
 */
export function isGone(mark: string): boolean {
  const [, processId, digits] = markPattern.exec(mark) ?? [];
  return processId !== undefined && digits.startsWith(machineDigits()) && !isRunning(Number(processId));
}

/** Whether the process of a mark is another one that is running here. */
export function isRunningElsewhere(mark: string): boolean {
  const [, processId, digits] = markPattern.exec(mark) ?? [];
  if (processId === undefined || Number(processId) === process.pid) return false;
  return digits.startsWith(machineDigits()) && isRunning(Number(processId));
}

export function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

let digitsOfMachine: string | undefined;

/** Six digits for where numbers of processes mean the same: this machine since its start, this container. */
function machineDigits(): string {
  if (digitsOfMachine === undefined) {
    const here = [hostname(), textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))];
    here.push(textOf(() => readlinkSync('/proc/self/ns/pid')));
    digitsOfMachine = createHash('sha256').update(JSON.stringify(here)).digest('hex').slice(0, 6);
  }
  return digitsOfMachine;
}

/** What only Linux has. */
function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
