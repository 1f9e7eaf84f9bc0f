/** Whether answers are on their way: `aria-busy` of the page says so. */
let nWaiting = 0;

/** @returns what is called when the answer is there, or is not wanted any more; further calls do nothing */
export function waitBegins(): () => void {
  nWaiting++;
  show();
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    nWaiting--;
    show();
  };
}

function show(): void {
  document.getElementById('main')?.setAttribute('aria-busy', String(nWaiting > 0));
}
