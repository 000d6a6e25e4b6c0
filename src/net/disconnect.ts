/** True for what a connection throws when the peer has gone or the system has given it up: no defect of ours. */
export function isDisconnect(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.TimedOut ||
    error instanceof Deno.errors.UnexpectedEof || error instanceof Deno.errors.InvalidData;
}
