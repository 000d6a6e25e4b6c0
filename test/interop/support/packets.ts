/** The packets of a file, byte by byte, as ffprobe sees them. */
import { bytesEqual } from "../../../src/base/bytes.ts";
import { fromHex } from "../../support/assert.ts";
import { Client } from "./client.ts";

/** Several of them list a minute of media at the same time. */
const timeLimitMs = 300_000;

export interface Packet {
  /** In milliseconds. */
  readonly pts: number;
  readonly dts: number;
  readonly key: boolean;
  readonly data: Uint8Array;
}

export interface PacketTrack {
  /** What the container says about the codec: `avcC`, `hvcC`, OpusHead …; may be empty. */
  readonly extradata: Uint8Array;
  readonly packets: readonly Packet[];
}

interface ProbeJson {
  readonly streams: readonly { readonly extradata?: string }[];
  readonly packets: readonly {
    readonly pts_time: string;
    readonly dts_time: string;
    readonly flags: string;
    readonly data: string;
  }[];
}

/** The only track of a file, its first `seconds`. */
export async function packetsOf(file: string, seconds: number): Promise<PacketTrack> {
  const entries = "packet=pts_time,dts_time,flags,data:stream=extradata";
  const args = ["-v", "error", "-show_data", "-show_entries", entries, "-of", "json"];
  await using client = new Client(
    "ffprobe",
    "ffprobe",
    [...args, "-read_intervals", `%+${seconds}`, file],
    { timeLimitMs },
  );
  const { code } = await client.ended;
  if (code !== 0) throw new Error(`ffprobe ended with code ${code}\n${client.tail()}`);
  const { streams, packets } = JSON.parse(client.out.lines.join("\n")) as ProbeJson;
  return {
    extradata: parseDump(streams[0].extradata ?? ""),
    packets: packets.map(({ pts_time, dts_time, flags, data }) => ({
      pts: Math.round(1000 * Number(pts_time)),
      dts: Math.round(1000 * Number(dts_time)),
      key: flags.includes("K"),
      data: parseDump(data),
    })),
  };
}

/** `00000000: 0001 0203 …  text` per line, forty characters of digits. */
function parseDump(text: string): Uint8Array {
  return fromHex(text.split("\n").map((line) => line.slice(10, 50)).join("").replaceAll(/\s/g, ""));
}

const roundingMs = 2;

/**
 * Throws unless `received` are packets of the track, byte by byte, without one missing between the first and the last,
 * shown at the same distances, and decoded in time and order.
 */
export function expectSamePackets(received: readonly Packet[], { packets }: PacketTrack): void {
  const same = (a: Packet | undefined, b: Packet) =>
    a !== undefined && a.key === b.key && bytesEqual(a.data, b.data);
  const first = packets.findIndex((packet, i) =>
    same(packet, received[0]) && (received.length === 1 || same(packets[i + 1], received[1]))
  );
  if (first < 0) throw new Error("the first two packets received are not in the file");
  received.forEach((packet, i) => {
    const original = packets[first + i];
    if (!same(original, packet)) throw new Error(`packet ${i} (${first + i} of the file) is another one`);
    const shift = (packet.pts - received[0].pts) - (original.pts - packets[first].pts);
    if (Math.abs(shift) > roundingMs) throw new Error(`packet ${i} is shown ${shift} ms late`);
    if (packet.dts > packet.pts) throw new Error(`packet ${i} is decoded after it is shown`);
    if (i > 0 && packet.dts <= received[i - 1].dts) throw new Error(`packet ${i} is not decoded in order`);
  });
}
