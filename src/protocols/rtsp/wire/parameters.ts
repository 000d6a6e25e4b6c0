/** The grammar that most RTSP headers share: `token;name=value;name="quoted value"`. */

export interface Parameter {
  /** As it was written, trimmed. */
  readonly name: string;
  /** Without quotes; undefined when there was no `=`. */
  readonly value: string | undefined;
}

/**
 * Splits at a separator outside double quotes. Empty parts (a trailing `;`) are left out. An unfinished quote ends
 * with the text.
 */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let inQuotes = false;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '"') inQuotes = !inQuotes;
    else if (inQuotes && text[i] === "\\") i++;
    if (i < text.length && (inQuotes || text[i] !== separator)) continue;
    const part = text.slice(from, i).trim();
    if (part !== "") parts.push(part);
    from = i + 1;
  }
  return parts;
}

/** Spaces around the separator, the name and the value are ignored. */
export function parseParameters(text: string, separator: ";" | ","): Parameter[] {
  return splitOutsideQuotes(text, separator).map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) return { name: part, value: undefined };
    return { name: part.slice(0, equals).trim(), value: unquote(part.slice(equals + 1).trim()) };
  });
}

/** RFC 2616 §2.2 quoted-string, its backslashes resolved; anything else as it is. */
export function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const end = text.length > 1 && text.endsWith('"') ? -1 : undefined;
  return text.slice(1, end).replace(/\\(.)/g, "$1");
}

/** RFC 2616 §2.2 quoted-string. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A number without sign of at most ten digits; null when it is something else. */
export function parseUnsigned(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null;
}
