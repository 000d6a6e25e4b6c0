/** Reading the body of a request, with a limit on its size and on the time it takes. */

/** The answer to a body that cannot be taken. */
export class BodyError extends Error {
  override readonly name = "BodyError";

  constructor(readonly status: 400 | 408 | 413, message: string) {
    super(message);
  }
}

/** `maxBytes` of body; `timeoutMs` from now to its end. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Throws BodyError. The rest of a body that was refused is not read. */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  const { maxBytes, timeoutMs } = limits;
  const tooLarge = () => new BodyError(413, `body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const late = new BodyError(408, "body took too long");
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => expired.reject(late), timeoutMs);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), expired.promise]);
      if (done) return join(chunks, size);
      size += value.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    // What comes of the cancelled rest is of no interest: the connection may be gone.
    reader.cancel().catch(() => {});
    throw error instanceof BodyError ? error : new BodyError(400, "body ended early");
  } finally {
    clearTimeout(timer);
  }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
