/** A chart of Observable Plot as wide as its place. Colours are variables of the page, hence follow the theme. */
import { type PlotOptions, plot } from '@observablehq/plot';
import { useEffect, useRef, useState } from 'preact/hooks';

interface ChartParts {
  /** What it shows, for whoever does not see it. */
  readonly label: string;
  /** Made anew when one of `about` changes. @param width pixels */
  options(width: number): PlotOptions;
  readonly about: readonly unknown[];
}

export function Chart({ label, options, about }: ChartParts) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const observer = new ResizeObserver(([{ contentRect }]) => setWidth(Math.round(contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = place.current;
    if (!element || width === 0) return;
    const chart = plot({ ...options(width), width, className: 'plot' });
    // its rules stand in charts.css: the policy of the page allows no styles that scripts write
    for (const style of chart.querySelectorAll('style')) style.remove();
    // the place says in words what it shows
    chart.setAttribute('aria-hidden', 'true');
    element.replaceChildren(chart);
    return () => chart.remove();
  }, [width, ...about]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}

const SERIES = 8;

/** The colour of the n-th series. */
export function seriesColor(n: number): string {
  return n < SERIES ? `var(--series-${n + 1})` : 'var(--series-rest)';
}

export const restColor = 'var(--series-rest)';

export interface LegendEntry {
  readonly text: string;
  readonly color: string;
}

export function Legend({ entries }: { readonly entries: readonly LegendEntry[] }) {
  return (
    <ul class="legend">
      {entries.map(({ text, color }) => (
        <li key={text}>
          <span class="swatch" style={{ background: color }} />
          {text}
        </li>
      ))}
    </ul>
  );
}
