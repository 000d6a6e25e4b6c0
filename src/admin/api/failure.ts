/** Requests that are not answered with what they ask for. */

/** Becomes `{"status":"error","error":message}`. */
export class ApiError extends Error {
  /** Name of the class. */
  override readonly name = "ApiError";

  /** HTTP status and what the client is told. */
  constructor(readonly status: 400 | 404 | 500 | 503, message: string) {
    super(message);
  }
}
