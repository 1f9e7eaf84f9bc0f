/** Said of sequences that hold nothing to predict. */
export function skippedNote(nSkipped: number): string[] {
  if (nSkipped === 0) return [];
  return [`${nSkipped} training sequences have fewer than two events: nothing can be learned from them`];
}
