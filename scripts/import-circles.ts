/** Circles in a graph of imports: files that import each other, over one or more steps. */

/** From a file to the files that it imports. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** For every set of files that reach each other, one of the shortest circles in it: `a, b, a`. */
export function importCircles(imports: Imports): string[][] {
  const known = new Set<string>();
  const circles: string[][] = [];
  for (const file of [...imports.keys()].sort()) {
    if (known.has(file)) continue;
    const circle = shortestCircle(imports, file);
    if (circle === null) continue;
    circles.push(circle);
    const reached = filesReached(imports, file);
    for (const other of reached) if (filesReached(imports, other).has(file)) known.add(other);
  }
  return circles;
}

/** The shortest way from a file back to itself; null when there is none. */
function shortestCircle(imports: Imports, start: string): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue)
    for (const next of imports.get(file) ?? []) {
      if (next === start) return [start, ...wayTo(file, cameFrom, start), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  return null;
}

/** The files after `start` on the way to `end`, which is the last of them. */
function wayTo(end: string, cameFrom: ReadonlyMap<string, string>, start: string): string[] {
  const way: string[] = [];
  for (let file: string | undefined = end; file !== undefined && file !== start; file = cameFrom.get(file))
    way.unshift(file);
  return way;
}

function filesReached(imports: Imports, start: string): Set<string> {
  const reached = new Set<string>();
  const queue = [start];
  for (const file of queue)
    for (const next of imports.get(file) ?? [])
      if (!reached.has(next)) {
        reached.add(next);
        queue.push(next);
      }
  return reached;
}
