/** Which model is trained, with which options: a form made from the schemas of the catalogue. */
import { useState } from 'preact/hooks';
import { Choice, Field } from '../parts/field.tsx';
import { Problem } from '../parts/problem.tsx';
import { useWork } from '../parts/work.ts';
import type { Catalogue, Chosen } from './page.tsx';
import { type Schema, type Setting, saidSettings, settingsOf, type Texts, written } from './schema.ts';
import { SchemaForm } from './schema-form.tsx';

interface FormParts {
  readonly catalogue: Catalogue;
  readonly chosen: Chosen;
  /** The table is being read anew: what it holds is not known yet. */
  readonly isReading: boolean;
  /** Names that runs have already. */
  readonly taken: readonly string[];
  started(): void;
}

const none: Texts = new Map();

/** The settings of a training that are asked for most; the others are folded away. */
const USUAL = ['epochs', 'batchSize', 'negatives', 'loss', 'patience', 'optimizer.learningRate', 'optimizer.l2'];
const FIRST_MODEL = 'mf';

export function TrainingForm({ catalogue, chosen, isReading, taken, started }: FormParts) {
  const { models } = catalogue;
  const [modelName, setModel] = useState(FIRST_MODEL);
  const [name, setName] = useState<string | null>(null);
  const [config, setConfig] = useState(none);
  const [training, setTraining] = useState(none);
  const work = useWork();
  const model = models.find((each) => each.name === modelName) ?? models[0];
  const options = settingsOf(model.options as Schema);
  const settings = model.training === null ? [] : settingsOf(model.training as Schema);
  const run = name ?? usualName(chosen, model.name, taken);
  const start = (): Promise<void> =>
    work.start(
      (client) =>
        client.train({
          name: run,
          model: model.name,
          ...(chosen.upload === null
            ? { data: 'film-club' as const }
            : { upload: chosen.upload.id, read: chosen.read }),
          config: saidSettings(options, config),
          training: saidSettings(settings, training),
        }),
      () => {
        setName(null);
        started();
      },
    );
  return (
    <section class="card stack">
      <h2>Train on {chosen.upload?.name ?? 'the film club'}</h2>
      {/* what is out of its range the server tells, for every kind of value alike */}
      <form
        class="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <div class="settings">
          <Choice
            id="train-model"
            label="Model"
            value={model.name}
            options={models.map((each) => ({ value: each.name, text: `${each.title} (${each.kind})` }))}
            choose={(next) => {
              setModel(next);
              setConfig(none);
              setTraining(none);
            }}
          />
          <Field id="run-name" label="Name of the run" hint="small letters, digits and hyphens">
            <input
              id="run-name"
              type="text"
              spellcheck={false}
              autocomplete="off"
              value={run}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </Field>
        </div>
        {options.length > 0 && (
          <fieldset class="group">
            <legend>Options of {model.title}</legend>
            <SchemaForm
              id="option"
              settings={options}
              texts={config}
              write={(path, text) => setConfig(written(config, path, text))}
            />
          </fieldset>
        )}
        {settings.length > 0 && (
          <fieldset class="group">
            <legend>Training</legend>
            <Folded
              settings={settings}
              texts={training}
              write={(path, text) => setTraining(written(training, path, text))}
            />
          </fieldset>
        )}
        <Problem text={work.problem} />
        <div class="row">
          <button type="submit" class="primary" disabled={work.isGoingOn || isReading}>
            Train
          </button>
        </div>
      </form>
    </section>
  );
}

interface FoldedParts {
  readonly settings: readonly Setting[];
  readonly texts: Texts;
  write(path: string, text: string): void;
}

function Folded({ settings, texts, write }: FoldedParts) {
  const usual = USUAL.flatMap((path) => settings.find((each) => each.path === path) ?? []);
  const others = settings.filter((each) => !usual.includes(each));
  return (
    <>
      <SchemaForm id="training" settings={usual} texts={texts} write={write} />
      {others.length > 0 && (
        <details class="more">
          <summary>All settings of the training</summary>
          <SchemaForm id="training" settings={others} texts={texts} write={write} />
        </details>
      )}
    </>
  );
}

/** A name that a run may have, and none has. */
function usualName({ upload }: Chosen, model: string, taken: readonly string[]): string {
  const table = upload === null ? 'film-club' : upload.name.replace(/\.\w+$/, '');
  const slug = `${table}-${model}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const name = slug.replace(/^-+|-+$/g, '').slice(0, 58);
  for (let n = 1; ; n++) {
    const next = n === 1 ? name : `${name}-${n}`;
    if (!taken.includes(next)) return next;
  }
}
