/** The served runs as they are looked at: their names, colours and measures. */
import type { Client } from 'deeptaste/client';
import { seriesColor } from '../parts/chart.tsx';

export type Model = Awaited<ReturnType<Client['models']>>['models'][number];
export type Measures = Awaited<ReturnType<Client['measures']>>;
export type Compared = Awaited<ReturnType<Client['compare']>>;
export type Exposure = Awaited<ReturnType<Client['exposure']>>;
export type ItemMap = Awaited<ReturnType<Client['map']>>;

/** A run with the colour that it has in every chart. */
export interface Served {
  readonly model: Model;
  readonly label: string;
  readonly color: string;
  readonly measures: Measures;
}

/** Titles where they tell the runs apart, else the names of the runs. */
export function served(models: readonly Model[], measures: readonly Measures[]): Served[] {
  const titles = models.map(({ title }) => title);
  const areDistinct = new Set(titles).size === titles.length;
  return models.map((model, n) => ({
    model,
    label: areDistinct ? model.title : model.name,
    color: seriesColor(n),
    measures: measures[n],
  }));
}

/** Runs that were measured on the same held-out rows of the same data have the same mark: others are hardly ever comparable. */
export function protocolMark({ unit, protocol }: Measures): string {
  const { data, split } = (protocol ?? {}) as { readonly data?: { readonly hash?: string }; readonly split?: unknown };
  return JSON.stringify([unit === 'rows' || unit, data?.hash, split]);
}
