/** The map of items: those that a model takes for alike lie close to each other. */
import { dot } from '@observablehq/plot';
import { changeQuery } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Chart, Legend, type LegendEntry, restColor, seriesColor } from '../parts/chart.tsx';
import { Choice } from '../parts/field.tsx';
import { percent, wholeNumber } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import type { ItemMap, Served } from './served.ts';

interface MapParts {
  readonly runs: readonly Served[];
  readonly query: Readonly<Record<string, string>>;
}

/** Values that get a colour of their own. */
const MOST_COLORS = 8;

export function ItemMapView({ runs, query }: MapParts) {
  const run = runs.find(({ model }) => model.name === query.map);
  const layout = query.layout === 'neighbours' ? 'neighbours' : 'axes';
  const found = useAnswer(
    async (client) => {
      // unless one is chosen, the first that has vectors
      let refusal: unknown;
      for (const { model } of run ? [run] : runs)
        try {
          const field = model.itemFields.find(({ name }) => name === query.color) ?? coloring(model.itemFields)[0];
          return await client.map(model.name, { color: field?.name, layout });
        } catch (error) {
          refusal ??= error;
        }
      throw refusal;
    },
    [query.map, query.color, layout],
  );
  const { value, error } = found;
  const shown = runs.find(({ model }) => model.name === value?.model);
  // where none has vectors, the refusal is that of the first
  const name = run?.model.name ?? shown?.model.name ?? (error === null ? '' : runs[0].model.name);
  const fields = coloring((run ?? shown)?.model.itemFields ?? []);
  return (
    <section class="card stack">
      <div class="head">
        <h2>Map of the items</h2>
        <Choice
          id="map"
          label="Model"
          value={name}
          options={runs.map(({ model, label }) => ({ value: model.name, text: label }))}
          choose={(chosen) => changeQuery({ map: chosen })}
        />
        <Choice
          id="layout"
          label="Laid out by"
          value={layout}
          options={[
            { value: 'axes', text: 'principal axes' },
            { value: 'neighbours', text: 'neighbours (UMAP)' },
          ]}
          choose={(chosen) => changeQuery({ layout: chosen })}
        />
        {fields.length > 0 && (
          <Choice
            id="color"
            label="Coloured by"
            value={value?.color ?? ''}
            options={fields.map((field) => ({ value: field.name, text: field.name }))}
            choose={(color) => changeQuery({ color })}
          />
        )}
      </div>
      <Problem text={error} />
      {value && error === null && <Points map={value} />}
    </section>
  );
}

/** Texts have a value for each item: they colour nothing. */
function coloring(fields: Served['model']['itemFields']): Served['model']['itemFields'] {
  return fields.filter(({ kind }) => kind !== 'text');
}

function Points({ map }: { readonly map: ItemMap }) {
  const { points, colors, entries } = coloured(map);
  return (
    <>
      <p class="note">
        {map.points.length < map.items
          ? `The ${wholeNumber(map.points.length)} most popular of ${wholeNumber(map.items)} items`
          : `${wholeNumber(map.items)} items`}
        ; close together = alike to the model; larger = more popular.{' '}
        {map.explained === null
          ? 'Items are beside those whose vectors point where theirs do; distances over the plane say little.'
          : `Two principal axes of the directions of their vectors, which hold ${percent(map.explained[0] + map.explained[1])} of the variance.`}
      </p>
      <Legend entries={entries} />
      <Chart
        label={`Map of ${map.points.length} items of ${map.model}, coloured by ${map.color ?? 'nothing'}`}
        about={[map]}
        options={(width) => ({
          height: Math.min(560, Math.max(320, width * 0.55)),
          margin: 12,
          x: { axis: null },
          y: { axis: null },
          r: { range: [2, 9] },
          color: colors,
          marks: [
            dot(points, {
              x: 'x',
              y: 'y',
              r: 'popularity',
              fill: 'value',
              fillOpacity: 0.75,
              stroke: 'var(--surface)',
              strokeWidth: 0.5,
              title: (point) => (point.text === '' ? point.title : `${point.title}\n${point.text}`),
              tip: true,
            }),
          ],
        })}
      />
    </>
  );
}

interface MapPoint {
  readonly x: number;
  readonly y: number;
  readonly popularity: number;
  readonly title: string;
  readonly text: string;
  /** What the colour is of. */
  readonly value: string | number | null;
}

/** Numbers by a ramp; of words the commonest ones. An item with several values has the colour of its first. */
function coloured({ points, color }: ItemMap) {
  const isNumeric = color !== null && points.every(({ value }) => value === null || typeof value === 'number');
  const text = (value: ItemMap['points'][number]['value']) =>
    value === null ? '' : typeof value === 'object' ? value.join(', ') : String(value);
  if (isNumeric) {
    const numbers = points.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const ramp = ['var(--series-2)', 'var(--series-3)', 'var(--series-1)'];
    const third = (value: number) => Math.min(2, Math.floor((3 * (value - low)) / (high - low || 1)));
    const edges = [0, 1, 2, 3].map((n) => Math.round(low + (n * (high - low)) / 3));
    const names = ramp.map((_, n) => `${edges[n]} – ${edges[n + 1]}`);
    return {
      points: points.map(
        (point): MapPoint => ({
          ...point,
          text: text(point.value),
          value: typeof point.value === 'number' ? names[third(point.value)] : 'none',
        }),
      ),
      colors: { domain: [...names, 'none'], range: [...ramp, restColor] },
      entries: names.map((name, n) => ({ text: name, color: ramp[n] })),
    };
  }
  const first = (value: ItemMap['points'][number]['value']) =>
    value === null ? null : typeof value === 'object' ? (value[0] ?? null) : String(value);
  const counts = new Map<string, number>();
  for (const { value } of points) {
    const name = first(value);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const common = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST_COLORS)
    .map(([name]) => name);
  const hasRest = counts.size > common.length;
  const entries: LegendEntry[] = common.map((name, n) => ({ text: name, color: seriesColor(n) }));
  return {
    points: points.map((point): MapPoint => {
      const name = first(point.value);
      return { ...point, text: text(point.value), value: name !== null && common.includes(name) ? name : 'other' };
    }),
    colors: { domain: [...common, 'other'], range: [...common.map((_, n) => seriesColor(n)), restColor] },
    entries: hasRest ? [...entries, { text: 'other', color: restColor }] : entries,
  };
}
