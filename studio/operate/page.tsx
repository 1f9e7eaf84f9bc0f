/** Operate: what the server does, what people do, which variant does better, who may ask. */
import { changeQuery, useAddress } from '../app/address.ts';
import { Tabs } from '../parts/tabs.tsx';
import { useTick } from '../parts/tick.ts';
import { Experiments } from './experiments.tsx';
import { FeedbackView } from './feedback.tsx';
import { Keys } from './keys.tsx';
import { Models } from './models.tsx';
import { TrafficView } from './traffic.tsx';
import '../style/data-and-operate.css';
import './operate.css';

const EVERY_MS = 5_000;

/** How far back, and in what steps. */
export const RANGES = [
  { value: 'hour', text: 'Hour', minutes: 60, step: 1 },
  { value: 'six-hours', text: '6 hours', minutes: 360, step: 5 },
  { value: 'day', text: 'Day', minutes: 1440, step: 20 },
] as const;

export type Range = (typeof RANGES)[number];

export default function OperatePage() {
  const { query } = useAddress();
  const range = RANGES.find(({ value }) => value === query.range) ?? RANGES[0];
  const tick = useTick(EVERY_MS);
  return (
    <div class="stack operate">
      <header class="head">
        <div>
          <h1>What the server does</h1>
          <p class="note">Traffic of this server in memory, feedback and scenarios as its store has them.</p>
        </div>
        <Tabs
          label="How far back"
          chosen={range.value}
          options={RANGES}
          choose={(value) => changeQuery({ range: value === RANGES[0].value ? '' : value })}
        />
      </header>
      <TrafficView range={range} tick={tick} />
      <div class="pair">
        <FeedbackView tick={tick} />
        <Models />
      </div>
      <Experiments tick={tick} />
      <Keys />
    </div>
  );
}
