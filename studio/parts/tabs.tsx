/** A choice between a few views that stand side by side. */
interface TabsParts {
  readonly label: string;
  readonly chosen: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  choose(value: string): void;
}

export function Tabs({ label, chosen, options, choose }: TabsParts) {
  return (
    <fieldset class="tabs">
      <legend class="hidden">{label}</legend>
      {options.map(({ value, text }) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => choose(value)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
