/** A labelled control of a form. */
import type { ComponentChildren } from 'preact';

interface FieldParts {
  /** Of the control, which has it as its id. */
  readonly id: string;
  readonly label: string;
  /** What is chosen now, beside the label. */
  readonly value?: string;
  readonly hint?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Field({ id, label, value, hint, children }: FieldParts) {
  return (
    <div class="field">
      <div class="field-head">
        <label for={id}>{label}</label>
        {value !== undefined && <output for={id}>{value}</output>}
      </div>
      {children}
      {hint !== undefined && <p class="tiny muted">{hint}</p>}
    </div>
  );
}

interface ChoiceParts {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly hint?: string;
  readonly disabled?: boolean;
  choose(value: string): void;
}

export function Choice({ id, label, value, options, hint, disabled = false, choose }: ChoiceParts) {
  return (
    <Field id={id} label={label} hint={hint}>
      <select id={id} value={value} disabled={disabled} onChange={(event) => choose(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </Field>
  );
}

interface SliderParts {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  /** The value for people. */
  readonly shown: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly hint?: string;
  move(value: number): void;
}

export function Slider({ id, label, value, shown, min, max, step, hint, move }: SliderParts) {
  return (
    <Field id={id} label={label} value={shown} hint={hint}>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onInput={(event) => move(event.currentTarget.valueAsNumber)}
      />
    </Field>
  );
}
