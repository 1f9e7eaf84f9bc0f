/** How the list is made: everything takes effect at once. */
import { changeQuery } from '../app/address.ts';
import { useAnswer } from '../app/answer.ts';
import { Choice, Field, Slider } from '../parts/field.tsx';
import { percent } from '../parts/numbers.ts';
import { Problem } from '../parts/problem.tsx';
import { chanceOf, type Model, methodOf, type Tried, USUAL_CHANCE, USUAL_K } from './request.ts';

interface ControlsParts {
  readonly tried: Tried;
  readonly models: readonly Model[];
  readonly model: Model;
  readonly other: Model | null;
  readonly whereProblem: string | null;
  drawAgain(): void;
}

/** Where there is no room, it is opened when it is needed; see try.css. */
const isWide = matchMedia('(min-width: 48rem)').matches;

export function Controls({ tried, models, model, other, whereProblem, drawAgain }: ControlsParts) {
  const scenarios = useAnswer((client) => client.scenarios(), []).value?.scenarios ?? [];
  const named = models.map(({ name, title }) => ({ value: name, text: titled(name, title) }));
  const k = Number(tried.k ?? USUAL_K);
  const diversity = Number(tried.diversity ?? 0);
  return (
    <details class="card controls" open={isWide}>
      <summary>How the list is made</summary>
      <div class="controls-grid">
        <Choice
          id="model"
          label="Model"
          value={model.name}
          options={named}
          choose={(name) => changeQuery({ model: name, ...(name === other?.name && { other: '' }) })}
        />
        {models.length > 1 && (
          <Choice
            id="other"
            label="Beside it"
            value={other?.name ?? ''}
            options={[{ value: '', text: 'no other model' }, ...named.filter(({ value }) => value !== model.name)]}
            choose={(name) => changeQuery({ other: name })}
          />
        )}
        {scenarios.length > 0 && (
          <Choice
            id="scenario"
            label="Scenario"
            value={tried.scenario ?? ''}
            options={[{ value: '', text: 'none' }, ...scenarios.map(({ name }) => ({ value: name, text: name }))]}
            choose={(scenario) => changeQuery({ scenario })}
          />
        )}
        <Slider
          id="k"
          label="Items"
          value={k}
          shown={String(k)}
          {...{ min: 1, max: 50, step: 1 }}
          move={(value) => changeQuery({ k: value === USUAL_K ? '' : String(value) })}
        />
        <Where text={tried.where ?? ''} fields={model.itemFields} problem={whereProblem} />
        <Slider
          id="diversity"
          label="Diversity"
          value={diversity}
          shown={tried.diversity === undefined && tried.scenario ? 'as the scenario has it' : diversity.toFixed(2)}
          {...{ min: 0, max: 1, step: 0.05 }}
          move={(value) => changeQuery({ diversity: value === 0 && !tried.scenario ? '' : String(value) })}
        />
        <Chance tried={tried} drawAgain={drawAgain} />
      </div>
    </details>
  );
}

function titled(name: string, title: string): string {
  return name.toLowerCase() === title.toLowerCase() ? title : `${title} · ${name}`;
}

interface WhereParts {
  readonly text: string;
  readonly fields: Model['itemFields'];
  readonly problem: string | null;
}

function Where({ text, fields, problem }: WhereParts) {
  return (
    <div class="stack tight wide">
      <Field
        id="where"
        label="Only where"
        hint={
          fields.length > 0 ? `Fields: ${fields.map(({ name }) => name).join(', ')}` : 'No fields describe the items.'
        }
      >
        <input
          id="where"
          type="text"
          spellcheck={false}
          autocomplete="off"
          placeholder={exampleOf(fields)}
          aria-invalid={problem !== null}
          aria-describedby="where-problem"
          value={text}
          onInput={(event) => changeQuery({ where: event.currentTarget.value })}
        />
      </Field>
      <Problem id="where-problem" text={problem} />
    </div>
  );
}

function exampleOf(fields: Model['itemFields']): string {
  const number = fields.find(({ kind }) => kind === 'numeric');
  return number ? `${number.name} >= 1990` : '';
}

const CHANCE_LABELS = {
  epsilon: 'Share of places left to chance',
  boltzmann: 'Temperature',
  thompson: 'How far draws may be from what was learned',
} as const;

function Chance({ tried, drawAgain }: { readonly tried: Tried; drawAgain(): void }) {
  const method = methodOf(tried);
  const amount = chanceOf(tried);
  return (
    <div class="stack tight">
      <Choice
        id="explore"
        label="Exploration"
        value={method ?? ''}
        options={[
          { value: '', text: 'none: the best items' },
          { value: 'epsilon', text: 'ε-greedy: some places go to any good item' },
          { value: 'boltzmann', text: 'Boltzmann: better items are drawn more often' },
          { value: 'thompson', text: 'Thompson: what feedback does not know yet is tried' },
        ]}
        choose={(explore) => changeQuery({ explore, chance: '' })}
      />
      {method !== null && (
        <>
          <Slider
            id="chance"
            label={CHANCE_LABELS[method]}
            value={amount}
            shown={method === 'epsilon' ? percent(amount) : amount.toFixed(2)}
            {...(method === 'boltzmann' ? { min: 0.05, max: 3, step: 0.05 } : { min: 0, max: 1, step: 0.05 })}
            move={(value) => changeQuery({ chance: value === USUAL_CHANCE[method] ? '' : String(value) })}
          />
          <button type="button" onClick={drawAgain}>
            Draw again
          </button>
        </>
      )}
    </div>
  );
}
