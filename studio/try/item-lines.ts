/** What describes items, in a line: asked once for each item. */
import type { Client } from 'deeptaste/client';
import { useEffect, useState } from 'preact/hooks';
import { waitBegins } from '../app/busy.ts';
import { ask } from '../app/server.ts';

type Fields = Awaited<ReturnType<Client['item']>>['fields'];

const MOST_FIELDS = 2;
const MOST_VALUES = 3;
const known = new Map<string, Promise<string>>();

/** Id → its line, as far as these have come. */
export function useItemLines(ids: readonly string[], model: string): ReadonlyMap<string, string> {
  const [lines, setLines] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    let isLate = false;
    const waitEnds = waitBegins();
    void Promise.all(ids.map(async (id) => [id, await lineOf(id, model)] as const)).then((found) => {
      if (!isLate) setLines(new Map(found));
      waitEnds();
    });
    return () => {
      isLate = true;
    };
  }, [ids.join('\n'), model]);
  return lines;
}

function lineOf(id: string, model: string): Promise<string> {
  const key = `${model}\n${id}`;
  const line =
    known.get(key) ??
    ask((client) => client.item(id, { model })).then(
      ({ fields, title }) => describe(fields, title),
      () => {
        known.delete(key);
        return '';
      },
    );
  known.set(key, line);
  return line;
}

function describe(fields: Fields, title: string): string {
  const shown = Object.values(fields).flatMap((cell): string[] => {
    if (cell === null || cell === title || cell === '') return [];
    if (typeof cell === 'object') return cell.length === 0 ? [] : [cell.slice(0, MOST_VALUES).join(', ')];
    // years and the like have no thousands
    return title.includes(String(cell)) ? [] : [String(cell)];
  });
  return shown
    .filter((text) => text.length <= 40)
    .slice(0, MOST_FIELDS)
    .join(' · ');
}
