/** Who is recommended to: somebody by id or by what they took, or nobody by name with a history that is built here. */
import { useState } from 'preact/hooks';
import { changeQuery } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { count } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { HistoryBuilder } from './history-builder.tsx';
import { PersonSearch } from './person-search.tsx';
import type { Model, Tried } from './request.ts';

interface PersonParts {
  readonly tried: Tried;
  /** Who is shown; null = nobody. */
  readonly user: string | null;
  readonly model: Model;
}

export function Person({ tried, user, model }: PersonParts) {
  const [isBuilding, setBuilding] = useState(tried.history !== undefined);
  const isByHistory = isBuilding || tried.history !== undefined;
  return (
    <section class="card stack" aria-label="For whom">
      <Tabs
        label="For whom"
        chosen={isByHistory ? 'history' : 'user'}
        options={[
          { value: 'user', text: 'A person' },
          { value: 'history', text: 'A history' },
        ]}
        choose={(chosen) => {
          setBuilding(chosen === 'history');
          if (chosen === 'user') changeQuery({ history: '' });
        }}
      />
      {isByHistory ? (
        <HistoryBuilder tried={tried} model={model} />
      ) : (
        <>
          <PersonSearch model={model} />
          {user !== null && <About user={user} model={model} />}
        </>
      )}
    </section>
  );
}

const FEW = 6;

function About({ user, model }: { readonly user: string; readonly model: Model }) {
  const [isWhole, setWhole] = useState(false);
  const { value, error } = useAnswer((client) => client.user(user, { model: model.name }), [user, model.name]);
  if (value === null) return <Problem text={error} />;
  // of an order the newest come first; others have none
  const history = [...value.history].reverse();
  const shown = isWhole ? history : history.slice(0, FEW);
  const fields = Object.entries(value.fields).filter(([, cell]) => cell !== null);
  return (
    <div class="stack tight about">
      <div>
        <h2>{value.id}</h2>
        <p class="small muted">
          {value.trained ? 'known to training' : 'unknown to training'}, {count(history.length, 'item')} taken
          {value.events.length > 0 && `, ${count(value.events.length, 'event')} told since`}
        </p>
      </div>
      {fields.length > 0 && (
        <p class="small">
          {fields.map(([name, cell]) => `${name}: ${Array.isArray(cell) ? cell.join(', ') : cell}`).join(' · ')}
        </p>
      )}
      <ul class="history">
        {shown.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
      {history.length > FEW && (
        <button type="button" class="plain" onClick={() => setWhole(!isWhole)} aria-expanded={isWhole}>
          {isWhole ? 'Show fewer' : `Show all ${history.length}`}
        </button>
      )}
    </div>
  );
}
