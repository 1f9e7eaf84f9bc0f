/** What went wrong, in the words of the server. */
export function Problem({ text, id }: { readonly text: string | null; readonly id?: string }) {
  return (
    <div aria-live="polite" id={id}>
      {text !== null && <p class="problem">{text}</p>}
    </div>
  );
}
