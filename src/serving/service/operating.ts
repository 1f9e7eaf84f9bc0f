/** What those who run the server ask of the store: feedback in time, and what became of the lists of scenarios. */
import type { z } from 'zod';
import type { experimentsReply, feedbackCountsReply } from '../api/operating.ts';
import type { Service } from './service.ts';
import { newcombe, wilson } from './shares.ts';

const HOUR_MS = 3_600_000;

export async function feedbackInTime(
  { store, now }: Service,
  { hours, step }: { readonly hours: number; readonly step: number },
): Promise<z.input<typeof feedbackCountsReply>> {
  const stretch = step * HOUR_MS;
  // whole stretches, so that the first one is not cut
  const since = Math.floor((now() - hours * HOUR_MS) / stretch) * stretch;
  const [counted, { events }] = await Promise.all([store.eventCounts(since, stretch), store.counts()]);
  const series = new Map<number, Record<string, number>>();
  for (const { time, type, n } of counted) {
    const counts = series.get(time) ?? (Object.create(null) as Record<string, number>);
    counts[type] = n;
    series.set(time, counts);
  }
  return {
    types: [...new Set(counted.map(({ type }) => type))].sort(),
    series: [...series].map(([time, counts]) => ({ time: new Date(time).toISOString(), counts })),
    total: events,
  };
}

/** Shares are of people, not of lists: those of one person are not independent. */
export async function experiments(
  { store, settings, now }: Service,
  days: number,
): Promise<z.input<typeof experimentsReply>> {
  const { shown, refusing, atLeast } = settings.feedback;
  const following = { otherTypes: [...shown, ...refusing], atLeast };
  const since = now() - days * 24 * HOUR_MS;
  const scenarios = await Promise.all(
    Object.entries(settings.scenarios).map(async ([scenario, { variants }]) => {
      const counted = await store.variantCounts(scenario, since, following);
      // those of the settings in their order, then what is left of former settings
      const order = [null, ...variants.map(({ name }) => name)];
      const place = (name: string | null): number => (order.includes(name) ? order.indexOf(name) : order.length);
      const sorted = [...counted].sort((a, b) => place(a.variant) - place(b.variant));
      const rates = sorted.map(({ followers, people }) => wilson(followers, people));
      return {
        scenario,
        variants: sorted.map((each, n) => ({
          ...each,
          rate: rates[n],
          difference: n === 0 ? null : newcombe(rates[n], rates[0]),
        })),
      };
    }),
  );
  return { scenarios };
}
