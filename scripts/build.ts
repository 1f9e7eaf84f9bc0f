/**
 * Builds `dist/`: the TypeScript package, the WebAssembly kernel files and the Studio.
 * Kernels and Studio are built again only when their sources have changed.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const kernelSources = join(root, 'src/engine/kernels');
const kernelOutput = join(root, 'dist/kernels');
/** Vectors of 256 bits (made from pairs of 128, see `kernel-file.ts`), of 128 with fused multiply-adds, of 128 without. */
const BUILDS = ['wide', 'relaxed', 'simd'] as const;
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

/** The page, the client that it talks through, and the versions of what goes into it. */
const studioSources = ['studio', 'src/client', 'package-lock.json'].map((path) => join(root, path));
const studioOutput = join(root, 'dist/studio');

/** Of the names and contents of files, and of what is in folders, and of this script. */
function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash.update(relative(root, path)).update(readFileSync(path));
  };
  for (const path of [...paths, fileURLToPath(import.meta.url)]) add(path);
  return hash.digest('hex');
}

function compileKernels(source: string, name: string, flags: readonly string[]): void {
  execFileSync(
    bin('asc'),
    [
      join('src/engine/kernels', source),
      ...['--outFile', join('dist/kernels', `${name}.wasm`)],
      ...['--runtime', 'stub', '--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert'],
      ...['--disableWarning', '112', '--enable', 'simd'],
      ...flags,
    ],
    { cwd: root, stdio: 'inherit' },
  );
}

function buildKernels(): void {
  mkdirSync(kernelOutput, { recursive: true });
  const stamp = join(kernelOutput, 'sources.sha256');
  const hash = hashOf([kernelSources]);
  const built = [...BUILDS, 'double'].map((build) => `${build}.wasm`);
  const isBuilt = built.every((name) => existsSync(join(kernelOutput, name)));
  if (isBuilt && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  rmSync(stamp, { force: true });
  for (const build of BUILDS)
    compileKernels('index.ts', build, [
      ...['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536'],
      ...['--memoryBase', '1024'],
      ...['--use', `WIDE_VECTORS=${build === 'wide' ? 1 : 0}`],
      ...['--enable', 'threads'],
      ...(build === 'simd' ? [] : ['--enable', 'relaxed-simd']),
    ]);
  compileKernels('double/index.ts', 'double', ['--initialMemory', '1']);
  writeFileSync(stamp, hash);
}

function buildStudio(): void {
  const stamp = join(root, 'dist/studio.sha256');
  const hash = hashOf(studioSources);
  if (existsSync(studioOutput) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  rmSync(stamp, { force: true });
  execFileSync(bin('vite'), ['build', 'studio', '--logLevel', 'warn'], { cwd: root, stdio: 'inherit' });
  writeFileSync(stamp, hash);
}

function buildPackage(): void {
  execFileSync(bin('tsc'), ['-p', root], { cwd: root, stdio: 'inherit' });
  const main = join(root, 'dist/cli/main.js');
  if (existsSync(main)) chmodSync(main, 0o755);
}

buildKernels();
if (process.argv[2] !== 'kernels') {
  buildPackage();
  buildStudio();
}
