/** Bytes as an answer: whole, a range of them (RFC 9110 §14), or their headers only (HEAD). */

/** Larger bodies go out in pieces: a slow client then holds one piece in memory, and the bytes stay where they are. */
const pieceSize = 64 * 1024;
const maxWhole = 2 * pieceSize;

interface Range {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** `size`: of the body that is sent. */
export interface ByteAnswer {
  readonly response: Response;
  readonly size: number;
}

/** `bytes` must not change any more. `headers` in small letters. */
export function byteAnswer(
  request: Request,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>>,
): ByteAnswer {
  const wanted = parseRange(request.headers, bytes.length);
  if (wanted === "unsatisfiable") {
    const response = new Response(null, {
      status: 416,
      headers: {
        "content-range": `bytes */${bytes.length}`,
        "content-length": "0",
        "accept-ranges": "bytes",
      },
    });
    return { response, size: 0 };
  }
  const { start, end } = wanted ?? { start: 0, end: bytes.length };
  const all: Record<string, string> = {
    ...headers,
    "accept-ranges": "bytes",
    "content-length": String(end - start),
  };
  if (wanted !== null) all["content-range"] = `bytes ${start}-${end - 1}/${bytes.length}`;
  const head = request.method === "HEAD";
  const body = head ? null : bodyOf(wanted === null ? bytes : bytes.subarray(start, end));
  return {
    response: new Response(body, { status: wanted === null ? 200 : 206, headers: all }),
    size: head ? 0 : end - start,
  };
}

/** Null: everything. Several ranges, unknown units and nonsense are ignored, as RFC 9110 §14.2 allows. */
function parseRange(headers: Headers, size: number): Range | "unsatisfiable" | null {
  const header = headers.get("range");
  // There is no validator that could match.
  if (header === null || headers.has("if-range")) return null;
  const match = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/i.exec(header.trim());
  if (match === null) return null;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const count = Math.min(Number(suffix), size);
    return count === 0 ? "unsatisfiable" : { start: size - count, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return null;
  if (start >= size) return "unsatisfiable";
  return { start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

function bodyOf(bytes: Uint8Array<ArrayBuffer>): BodyInit {
  if (bytes.length <= maxWhole) return bytes;
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(bytes.subarray(at, at + pieceSize));
      at += pieceSize;
      if (at >= bytes.length) controller.close();
    },
  }, { highWaterMark: 0 });
}
