/** The words of a text between blanks: long lists read better so. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
