/** Try: who gets what, and why; by one model, or by two beside each other. */
import { useState } from 'preact/hooks';
import { changeQuery, useAddress } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Problem } from '../parts/problem.tsx';
import { Controls } from './controls.tsx';
import { List } from './list.tsx';
import { Moves } from './moves.tsx';
import { Person } from './person.tsx';
import { type Model, requestOf, type Tried } from './request.ts';
import './try.css';

export default function TryPage() {
  const { value, error } = useAnswer((client) => client.models(), []);
  if (value === null) return <Problem text={error} />;
  return <Trial models={value.models} />;
}

function Trial({ models }: { readonly models: readonly Model[] }) {
  const tried: Tried = useAddress().query;
  const [draw, setDraw] = useState(0);
  const model = models.find(({ name }) => name === tried.model) ?? models[0];
  const other = models.find(({ name }) => name === tried.other && name !== model.name) ?? null;
  const first = useAnswer((client) => client.users({ limit: 1, model: model.name }), [model.name]);
  const user = tried.user ?? first.value?.users[0]?.id ?? null;
  const isNobody = tried.history === undefined && user === null;
  const request = requestOf(tried, user, model.name);
  const beside = other && requestOf(tried, user, other.name);
  const own = useAnswer(request && ((client) => client.recommend(request)), [JSON.stringify(request), draw], 60);
  const theirs = useAnswer(beside && ((client) => client.recommend(beside)), [JSON.stringify(beside), draw], 60);
  const problem = own.error ?? theirs.error;
  const isOfWhere = problem?.startsWith('where:') ?? false;
  return (
    <div class="try">
      <h1 class="hidden">Try recommendations</h1>
      <Person tried={tried} user={user} model={model} />
      <div class="stack">
        <Controls
          {...{ tried, models, model, other }}
          whereProblem={isOfWhere ? problem : null}
          drawAgain={() => setDraw((n) => n + 1)}
        />
        {!isOfWhere && <Problem text={problem} />}
        {isNobody && !first.isAsking && (
          <p class="note">
            {model.title} knows nobody by name. Build a history: recommendations follow the items that are in it.
          </p>
        )}
        <div class={other ? 'side-by-side' : ''}>
          {own.value && (
            <List model={model} answer={own.value} beside={null} isStale={own.isAsking || own.error !== null} />
          )}
          {other && theirs.value && (
            <List
              model={other}
              answer={theirs.value}
              beside={own.value}
              isStale={theirs.isAsking || theirs.error !== null}
            />
          )}
        </div>
        {request && beside && other && <Moves {...{ request, beside, model, other }} />}
        {models.length === 1 && (
          <p class="note">
            To see what another model would say, serve it beside this one: <code>deeptaste serve RUN RUN</code>
          </p>
        )}
        {tried.history !== undefined && own.value && own.value.unknownItems.length > 0 && (
          <p class="note">
            Not known to {model.title}: {own.value.unknownItems.join(', ')}.{' '}
            <button type="button" class="plain" onClick={() => changeQuery({ history: '' })}>
              Start anew
            </button>
          </p>
        )}
      </div>
    </div>
  );
}
