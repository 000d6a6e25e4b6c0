/** A peer's text for an error message: in quotes, shortened to 80 characters, control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
