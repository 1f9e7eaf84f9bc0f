/** A form made from a JSON Schema: what is not changed has its default, and is not sent. */
import { Field } from '../parts/field.tsx';
import { choicesOf, kindOf, type Setting, shownDefault } from './schema.ts';

interface FormParts {
  /** Begins the ids of the controls. */
  readonly id: string;
  readonly settings: readonly Setting[];
  /** What was written, by address. */
  readonly texts: ReadonlyMap<string, string>;
  /** @param text empty = as the default is */
  write(path: string, text: string): void;
}

export function SchemaForm({ id, settings, texts, write }: FormParts) {
  return (
    <div class="settings">
      {settings.map((setting) => (
        <Control
          key={setting.path}
          id={`${id}-${setting.path}`}
          setting={setting}
          text={texts.get(setting.path)}
          write={write}
        />
      ))}
    </div>
  );
}

interface ControlParts extends Pick<FormParts, 'write'> {
  readonly id: string;
  readonly setting: Setting;
  readonly text: string | undefined;
}

function Control({ id, setting: { path, schema }, text = '', write }: ControlParts) {
  const kind = kindOf(schema);
  const usual = shownDefault(schema);
  const set = (value: string): void => write(path, value === usual ? '' : value);
  const hint = [schema.description, usual === '' ? null : `default ${usual}`].filter(Boolean).join('; ');
  if (kind === 'truth' && usual !== '')
    return (
      <div class="field truth">
        <label>
          <input
            id={id}
            type="checkbox"
            checked={(text === '' ? usual : text) === 'true'}
            onChange={(event) => set(String(event.currentTarget.checked))}
          />
          {path}
        </label>
        <p class="tiny muted">{schema.description}</p>
      </div>
    );
  if (kind === 'choice' || kind === 'truth')
    return (
      <Field id={id} label={path} hint={hint}>
        <select id={id} value={text === '' ? usual : text} onChange={(event) => set(event.currentTarget.value)}>
          {usual === '' && <option value="">as usual</option>}
          {(kind === 'truth' ? ['true', 'false'] : choicesOf(schema)).map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      </Field>
    );
  return (
    <Field id={id} label={path} hint={hint}>
      {kind === 'number' ? (
        <input
          id={id}
          type="number"
          min={schema.minimum ?? schema.exclusiveMinimum}
          max={schema.maximum}
          step="any"
          placeholder={usual}
          value={text}
          onInput={(event) => write(path, event.currentTarget.value)}
        />
      ) : (
        <input
          id={id}
          type="text"
          placeholder={usual}
          value={text}
          onInput={(event) => write(path, event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
