import { execFileSync } from 'node:child_process';

/** Builds the package once before any test, so that worker threads and child processes run what users run. */
export default function setup(): void {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
}
