/** Counts what a client that knows Enhanced RTMP is sent, of streams with a picture and sound. */
import { TestClient } from "../../protocols/rtmp/support/client.ts";
import { within } from "./raw_rtsp.ts";

const readLimitMs = 60_000;
const sequenceStart = 0;
const metadata = 4;
const fourCcs = ["avc1", "hvc1", "vp08", "vp09", "av01", "Opus", "mp4a"];

/** Frames by the name of their codec: a FourCC, or `legacy` for those in the older form. */
export type FrameCounts = ReadonlyMap<string, number>;

/** Resolves when each of `names` has so many frames. Throws when another codec comes. */
export async function countEnhanced(
  port: number,
  path: string,
  names: readonly string[],
  count: number,
): Promise<FrameCounts> {
  const client = await TestClient.connect(port, "play", path, { fourCcs });
  const counts = new Map<string, number>(names.map((name) => [name, 0]));
  const work = async () => {
    await client.ready();
    while ([...counts.values()].some((found) => found < count)) {
      const action = await client.next();
      if (action === null || action.kind === "end") {
        throw new Error(`ended after ${JSON.stringify([...counts])}`);
      }
      if (action.kind !== "audio" && action.kind !== "video") continue;
      const name = frameName(action.kind, action.body);
      if (name === null) continue;
      const found = counts.get(name);
      if (found === undefined) throw new Error(`a frame of ${name}`);
      counts.set(name, found + 1);
    }
    return counts;
  };
  try {
    return await within(work(), readLimitMs, `${count} frames of ${names.join(" and ")} of ${path}`);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

/** Null: no frame. */
function frameName(kind: "audio" | "video", body: Uint8Array): string | null {
  const isEnhanced = kind === "video" ? (body[0] & 0x80) !== 0 : body[0] >> 4 === 9;
  if (!isEnhanced) return body[1] === 0 ? null : "legacy";
  const type = body[0] & 0x0f;
  return type === sequenceStart || type === metadata ? null : new TextDecoder().decode(body.subarray(1, 5));
}
