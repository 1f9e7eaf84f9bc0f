/** `deeptaste policy log`: the lists that a server gave, one row a place, as a log of decisions. */
import { DeepTasteError } from '../core/errors.ts';
import { meaningOf } from '../serving/service/history.ts';
import { parseServerSettings, readServerSettings } from '../serving/settings.ts';
import { openStore } from '../serving/store/open-store.ts';
import type { GivenRecommendation } from '../serving/store/records.ts';
import type { Store } from '../serving/store/store.ts';
import type { PolicyLogFlags } from './flags.ts';
import { sinceTime } from './since-flag.ts';
import { checkTableFile, writeTable } from './table-file.ts';
import type { OutputCell, OutputColumn } from './table-rows.ts';
import type { Terminal } from './terminal.ts';
import { toldEvents } from './told-rows.ts';

/** The names by which `policy evaluate` finds them. */
const columns: readonly OutputColumn[] = [
  { name: 'list_id', type: 'text' },
  { name: 'position', type: 'integer' },
  { name: 'user_id', type: 'text' },
  { name: 'item_id', type: 'text' },
  { name: 'propensity', type: 'number' },
  { name: 'reward', type: 'number' },
  { name: 'time', type: 'integer' },
  { name: 'model', type: 'text' },
  { name: 'scenario', type: 'text' },
  { name: 'scenario_variant', type: 'text' },
];

const AT_ONCE = 1000;

/** @throws 'usage' for a date that is none, a place that cannot be used, and a store without such lists; 'config'; 'io' */
export async function writePolicyLog(terminal: Terminal, flags: PolicyLogFlags): Promise<void> {
  const { out, scenario, reward } = flags;
  const since = flags.since === undefined ? Number.NEGATIVE_INFINITY : sinceTime(flags.since);
  await checkTableFile(out);
  const settings = flags.settings === undefined ? parseServerSettings({}) : await readServerSettings(flags.settings);
  const store = await openStore(flags.store);
  try {
    const rewards = new Map<string, Map<string, number>>();
    for await (const event of toldEvents(store)) {
      if (event.recommendation === null || event.time < since) continue;
      const meaning = meaningOf(event, settings);
      if (meaning === 'shown') continue;
      const worth = reward === 'value' ? (event.value ?? 0) : Number(meaning === 'taken');
      if (worth === 0) continue;
      const ofList = rewards.get(event.recommendation) ?? new Map<string, number>();
      ofList.set(event.item, reward === 'value' ? (ofList.get(event.item) ?? 0) + worth : 1);
      rewards.set(event.recommendation, ofList);
    }
    const counts = { lists: 0, rows: 0, rewarded: 0, byChance: 0 };
    await writeTable(out, columns, async (sink) => {
      for await (const given of givenLists(store)) {
        if (given.time < since || (scenario !== undefined && given.scenario !== scenario)) continue;
        const ofList = rewards.get(given.id);
        counts.lists++;
        for (const row of rowsOf(given, ofList)) {
          counts.rows++;
          await sink.add(row);
        }
        counts.rewarded += given.items.filter(({ id }) => ofList?.has(id)).length;
        counts.byChance += Number(given.items.some(({ probability }) => probability < 1));
      }
      if (counts.rows === 0)
        throw new DeepTasteError(
          'usage',
          `policy log: the store must keep lists${scenario === undefined ? '' : ` of the scenario "${scenario}"`}, found none; lists are kept for as long as serve --keep says`,
        );
    });
    terminal.print(
      `${counts.rows} decisions of ${counts.lists} lists in ${out}; ${counts.byChance} lists with chance in them, ${counts.rewarded} decisions with a reward`,
    );
    if (counts.byChance === 0)
      terminal.print('nothing was left to chance (explore): such a log can judge no other policy (docs/policies.md)');
    else terminal.print(`next: deeptaste policy evaluate ${out} --policy RUN --exclude-seen --context user_id`);
    terminal.document({ out, ...counts, columns: columns.map(({ name }) => name) });
  } finally {
    await store.close();
  }
}

/** Positions go on over the pages of a list, each of which has its own id. */
function* rowsOf(
  { id, user, time, model, scenario, variant, items, before }: GivenRecommendation,
  rewards: ReadonlyMap<string, number> | undefined,
): Generator<OutputCell[]> {
  for (const [n, item] of items.entries())
    yield [
      ...[id, before.length + n + 1, user, item.id, item.probability, rewards?.get(item.id) ?? 0],
      ...[Math.floor(time / 1000), model, scenario, variant],
    ];
}

async function* givenLists(store: Store): AsyncGenerator<GivenRecommendation, void, undefined> {
  for (let last: GivenRecommendation | null = null; ; ) {
    const next: readonly GivenRecommendation[] = await store.recommendationsAfter(last, AT_ONCE);
    if (next.length === 0) return;
    yield* next;
    last = next[next.length - 1];
  }
}
