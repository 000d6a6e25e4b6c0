/** Errors that mean "the peer or the user sent something wrong", never "we have a defect". */

/**
 * A message, packet or file that does not follow its format.
 *
 * `field` is the name the specification gives to the offending part, `offset` is its position in bytes (or
 * characters for text) from the start of the parsed input.
 */
export class ParseError extends Error {
  override readonly name = "ParseError";

  constructor(readonly field: string, readonly reason: string, readonly offset?: number) {
    super(offset === undefined ? `${field}: ${reason}` : `${field} at offset ${offset}: ${reason}`);
  }
}

/** An expected failure, told to the peer or the log in one sentence and without a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** A peer of ours has refused our credentials, or wants some. Trying again soon would only lock accounts. */
export class CredentialsError extends UserError {}

/** One sentence for the log, whatever was thrown. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return String(error);
}
