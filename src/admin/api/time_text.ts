/** Times as the API writes them. */

/** Of what has never happened, where MediaMTX says so instead of null. */
export const zeroTime = "0001-01-01T00:00:00Z";

/** Milliseconds since 1970 as RFC 3339 with the offset of this machine: `2026-01-31T13:45:07.042+01:00`. */
export function timeText(milliseconds: number): string {
  const offset = -new Date(milliseconds).getTimezoneOffset();
  const local = new Date(milliseconds + offset * 60_000).toISOString().slice(0, -1);
  if (offset === 0) return `${local}Z`;
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const digits = (value: number) => String(value).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${digits(hours)}:${digits(minutes)}`;
}
