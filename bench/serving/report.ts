/** What was measured under load, as a page. */
import type { Measured } from './load.ts';
import type { PeerResult } from './peers.ts';
import { type RunName, runTitles } from './runs.ts';

export interface ServingResults {
  readonly machine: {
    readonly cores: number;
    readonly processor: string;
    readonly node: string;
    /** Load average of one minute. */
    readonly loadBefore: number;
  };
  readonly date: string;
  /** Seconds from the start of a server to its first answer, by run. */
  readonly firstAnswers: Readonly<Record<string, number>>;
  readonly rows: readonly (Measured & { readonly run: RunName; readonly request: string })[];
  readonly soak: {
    readonly seconds: number;
    /** MiB. */
    readonly memoryAfter10s: number;
    readonly memoryAtEnd: number;
    /** Of each third. */
    readonly perSecond: readonly number[];
    /** Milliseconds. */
    readonly p99: number;
    readonly failed: number;
    readonly delay: number;
    readonly idleDelay: number;
  };
  readonly peers: readonly PeerResult[];
}

export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly reached: boolean;
}

export function goalsOf(results: ServingResults): Goal[] {
  const { rows, soak, firstAnswers } = results;
  const at = (run: RunName, request: string, connections: number): Measured =>
    rows.find((row) => row.run === run && row.request === request && row.connections === connections) as Measured;
  const within = (what: string, value: number, most: number, unit = 'ms'): Goal => ({
    what,
    goal: `≤ ${most} ${unit}`,
    measured: `${value.toFixed(1)} ${unit}`,
    reached: value <= most,
  });
  const fast = at('mf', 'recommend, reasons off', 16);
  return [
    {
      what: 'MF on ML-1M, reasons off, 16 connections',
      goal: '≥ 3,000 a second',
      measured: `${whole(fast.perSecond)} a second`,
      reached: fast.perSecond >= 3000,
    },
    within('the same, p99', fast.p99, 20),
    within('NeuMF, 4 connections, p99', at('neumf', 'recommend', 4).p99, 25),
    within('DeepFM, 1,000 candidates, 1 connection, p99', at('deepfm', 'rank 1,000 candidates', 1).p99, 30),
    within('10⁶ items × 64, 1 connection, p99', at('million', 'recommend', 1).p99, 25),
    within('delay of the event loop in the soak, p99', soak.delay, 10),
    {
      what: 'memory in the soak',
      goal: 'at most a tenth more at the end than after 10 s',
      measured: `${whole(soak.memoryAfter10s)} → ${whole(soak.memoryAtEnd)} MiB`,
      reached: soak.memoryAtEnd <= 1.1 * soak.memoryAfter10s,
    },
    within('film club: from start to first answer', firstAnswers['film-club'], 2, 's'),
    ...peerGoals(results),
  ];
}

/** Requests a second beside each peer, where the p99 is no worse. */
function peerGoals({ peers, rows }: ServingResults): Goal[] {
  return peers.flatMap(({ title, measured }) =>
    (measured ?? []).map((theirs) => {
      const ours = rows.find(
        ({ run, request, connections }) =>
          run === 'mf' && request === 'recommend, reasons off' && connections === theirs.connections,
      ) as Measured;
      const times = ours.perSecond / theirs.perSecond;
      return {
        what: `beside ${title}, ${theirs.connections} connections`,
        goal: '≥ 3 × its requests a second, p99 no worse',
        measured: `${times.toFixed(1)} ×, p99 ${ours.p99.toFixed(1)} beside ${theirs.p99.toFixed(1)} ms`,
        reached: times >= 3 && ours.p99 <= theirs.p99,
      };
    }),
  );
}

export function markdown(results: ServingResults): string {
  const { machine, rows, soak, peers, date, firstAnswers } = results;
  const table = (head: readonly string[], body: readonly (readonly string[])[]): string =>
    [head, head.map((_, n) => (n === 0 ? '---' : '---:')), ...body]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n');
  const cells = ({ connections, perSecond, p50, p95, p99, failed }: Measured): string[] => [
    String(connections),
    whole(perSecond),
    ...[p50, p95, p99].map((value) => value.toFixed(1)),
    String(failed),
  ];
  const head = ['connections', 'a second', 'p50 ms', 'p95 ms', 'p99 ms', 'failed'];
  return `# Serving under load

\`npm run bench:serving\`, ${date}: ${machine.processor}, ${machine.cores} cores, Node ${machine.node.slice(1)}, load average ${machine.loadBefore.toFixed(1)} before. One scoring thread; the requests come
from the same machine (autocannon) and take their share of it. Lists of 10 items by user id, those the person took left out, answers kept
in SQLite. CPU: processor time of the server for a request, all its threads. Loop: delay of the event loop of HTTP, p99, beside that of an idle process meanwhile.

## Goals

${table(
  ['', 'goal', 'measured', ''],
  goalsOf(results).map(({ what, goal, measured, reached }) => [what, goal, measured, reached ? 'reached' : 'missed']),
)}

## Requests

${table(
  ['model', 'request', ...head, 'CPU µs', 'loop ms', 'idle ms'],
  rows.map(({ run, request, ...measured }) => [
    runTitles[run],
    request,
    ...cells(measured),
    whole(measured.cpu ?? 0),
    (measured.delay ?? 0).toFixed(1),
    (measured.idleDelay ?? 0).toFixed(1),
  ]),
)}

From the start of the process to its first answer: ${Object.entries(firstAnswers)
    .map(([run, seconds]) => `${runTitles[run as RunName]} ${seconds.toFixed(1)} s`)
    .join(', ')}.

## Soak

${soak.seconds} s of MF at 16 connections with 50 events of feedback a second beside: ${soak.perSecond.map(whole).join(', ')} answers a second in the thirds, p99 at most
${soak.p99.toFixed(1)} ms, ${soak.failed} failed; resident memory ${whole(soak.memoryAfter10s)} MiB after 10 s, ${whole(soak.memoryAtEnd)} MiB at the end; delay of the event loop at most ${soak.delay.toFixed(1)} ms (idle process ${soak.idleDelay.toFixed(1)} ms).

## Peers

Servers of the kind people write by hand (\`bench/peers/serving_*.py\`): the same vectors (\`deeptaste export\`), the same people, the ten best unseen films
with titles; they keep nothing of what they answered.

${table(
  ['server', ...head],
  peers.flatMap(({ title, measured, skipped }) =>
    measured === null
      ? [[`${title}: ${skipped}`, '', '', '', '', '', '']]
      : measured.map((each) => [title, ...cells(each)]),
  ),
)}
`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
