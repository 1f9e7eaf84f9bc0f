/** What must not go wrong when servers die, are reloaded or stand beside each other: for tests in short, for scripts/serving-faults.ts in full. */
import type { RandomStream } from '../../src/core/random.ts';

export interface Started {
  readonly url: string;
  /** By SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export async function post(url: string, path: string, body: unknown) {
  const reply = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return {
    status: reply.status,
    body: (await reply.json()) as { [name: string]: unknown; items: { id: string; route: string }[] },
  };
}

export const view = (n: number) => ({ id: `e${n}`, type: 'view', user: `visitor${n % 7}`, item: `f${5 + (n % 7)}` });

const TELLERS = 4;

/**
 * Kills a server at random moments while events are told and lists are asked for, and tells all acknowledged events again to the next one
 * over the same store.
 * @param start starts a server over one and the same store
 * @returns how many events were acknowledged, and how many of them the store did not have
 */
export async function killedUnderLoad(
  start: () => Promise<Started>,
  times: number,
  random: RandomStream,
  tell: (round: number, acknowledged: number) => void = () => {},
): Promise<{ readonly acknowledged: number; readonly lost: number }> {
  let nEvents = 0;
  let acknowledged = 0;
  let lost = 0;
  let server = await start();
  for (let round = 0; round < times; round++) {
    const kept: number[] = [];
    let isAlive = true;
    const { url } = server;
    const telling = Array.from({ length: TELLERS }, async () => {
      while (isAlive) {
        const events = Array.from({ length: 1 + random.below(20) }, () => nEvents++);
        try {
          if ((await post(url, '/feedback', events.map(view))).status === 200) kept.push(...events);
          await post(url, '/recommend', { user: `visitor${random.below(9)}`, k: 3 });
        } catch {
          return; // the connection is gone with the process
        }
      }
    });
    while (kept.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, random.below(400)));
    await server.kill();
    isAlive = false;
    await Promise.all(telling);
    server = await start();
    for (let n = 0; n < kept.length; n += 1000) {
      const told = await post(server.url, '/feedback', kept.slice(n, n + 1000).map(view));
      lost += told.body.added as number;
    }
    acknowledged += kept.length;
    tell(round + 1, acknowledged);
  }
  return { acknowledged, lost };
}

/**
 * Has a server load its artifacts anew while lists are asked for without a pause.
 * @param swap what changes before each reload
 * @returns what was asked, and the answers that were none
 */
export async function reloadedUnderLoad(
  url: string,
  times: number,
  swap: (round: number) => void = () => {},
): Promise<{ readonly asked: number; readonly failed: readonly string[]; readonly versions: ReadonlySet<unknown> }> {
  const failed: string[] = [];
  const versions = new Set<unknown>();
  let asked = 0;
  let isAsking = true;
  const asking = Array.from({ length: TELLERS }, async (_, n) => {
    while (isAsking) {
      asked++;
      try {
        const { status, body } = await post(url, '/recommend', { user: `u${(asked + n) % 30}`, k: 3 });
        versions.add(body.version);
        if (status !== 200) failed.push(`${status} ${JSON.stringify(body)}`);
      } catch (error) {
        failed.push((error as Error).message);
      }
    }
  });
  for (let round = 0; round < times; round++) {
    swap(round);
    const { status, body } = await post(url, '/admin/reload', {});
    if (status !== 200) failed.push(`reload: ${status} ${JSON.stringify(body)}`);
  }
  isAsking = false;
  await Promise.all(asking);
  return { asked, failed, versions };
}

/**
 * Tells one of two servers what somebody new took, then asks the other one until it knows.
 * @returns the milliseconds that took, of each round, and how often the very first answer knew
 */
export async function agreement(
  urls: readonly [string, string],
  rounds: number,
): Promise<{ readonly times: readonly number[]; readonly atOnce: number }> {
  const times: number[] = [];
  let atOnce = 0;
  for (let round = 0; round < rounds; round++) {
    const [to, other] = round % 2 === 0 ? urls : [urls[1], urls[0]];
    const user = `stranger${round}`;
    await post(to, '/feedback', [{ type: 'view', user, item: `f${5 + (round % 7)}` }]);
    const start = performance.now();
    for (let asked = 1; ; asked++) {
      const { body } = await post(other, '/recommend', { user, k: 1 });
      if (body.items[0]?.route === 'fold-in') {
        if (asked === 1) atOnce++;
        break;
      }
      if (performance.now() - start > 10_000) throw new Error(`${other} never knew what ${to} was told`);
    }
    times.push(performance.now() - start);
  }
  return { times: times.sort((a, b) => a - b), atOnce };
}
