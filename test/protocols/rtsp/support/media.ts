/** Descriptions, packets, publishers and readers for the tests. */
import { buildRtpPacket, parseRtpPacket, type RtpPacket } from "../../../../src/rtp/packet.ts";
import type { Transport } from "../../../../src/protocols/rtsp/wire/transport.ts";
import { equal } from "../../../support/assert.ts";
import { RtspClient } from "./client.ts";
import type { TestServer } from "./server.ts";
import { Inbox } from "./waiting.ts";

const sps = "Z0LAHtkDxWhAAAADAEAAAAwDxYuS";
const pps = "aMuMsg==";

/** H.264 on payload type 96 and G.711 µ-law on 0. */
export const twoTracks = description([
  `m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sps},${pps}`,
  "m=audio 0 RTP/AVP 0\na=rtpmap:0 PCMU/8000",
]);

/** H.264 without parameter sets. */
export const videoOnly = description([
  "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1",
]);

export const audioOnly = description(["m=audio 0 RTP/AVP 0\na=rtpmap:0 PCMU/8000"]);

/** Two formats in one section, µ-law and Opus. */
export const twoFormats = description([
  "m=audio 0 RTP/AVP 0 97\na=rtpmap:0 PCMU/8000\na=rtpmap:97 opus/48000/2",
]);

export function description(sections: readonly string[]): string {
  const lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=test", "c=IN IP4 0.0.0.0", "t=0 0"];
  sections.forEach((section, i) => lines.push(...section.split("\n"), `a=control:streamid=${i}`));
  return lines.join("\r\n") + "\r\n";
}

export const sdpType = { "Content-Type": "application/sdp" };

/** A slice of H.264: of a key frame, or of one that needs others. */
export function slice(key: boolean, size = 100, fill = 1): Uint8Array<ArrayBuffer> {
  const nal = new Uint8Array(size).fill(fill);
  nal[0] = key ? 0x65 : 0x41;
  return nal;
}

/** Numbers packets as a publisher does. */
export class PacketSource {
  constructor(
    readonly payloadType: number,
    public sequence = 65530,
    readonly ssrc = 0x11223344,
  ) {}

  next(payload: Uint8Array, timestamp: number, marker = true): Uint8Array<ArrayBuffer> {
    const { payloadType, ssrc } = this;
    const sequence = this.sequence;
    this.sequence = sequence + 1 & 0xffff;
    const packet = buildRtpPacket({ payloadType, sequence, timestamp, ssrc, marker }, [payload]);
    return Uint8Array.from(packet.bytes);
  }
}

/** What must reach a reader unchanged. */
export function essence(bytes: Uint8Array): Omit<RtpPacket, "bytes" | "ssrc"> {
  const { payload, marker, payloadType, sequence, timestamp } = parseRtpPacket(bytes);
  return { payload: Uint8Array.from(payload), marker, payloadType, sequence, timestamp };
}

/** An even UDP port and the next one, both ours. */
export class UdpPair implements AsyncDisposable {
  readonly rtp = new Inbox<Uint8Array<ArrayBuffer>>();
  readonly rtcp = new Inbox<Uint8Array<ArrayBuffer>>();
  readonly #sockets: Deno.DatagramConn[];
  readonly #loops: Promise<void>[];

  constructor() {
    this.#sockets = [bind(), bind()];
    this.#loops = [receive(this.#sockets[0], this.rtp), receive(this.#sockets[1], this.rtcp)];
  }

  get ports(): string {
    return this.#sockets.map((socket) => (socket.addr as Deno.NetAddr).port).join("-");
  }

  async send(kind: "rtp" | "rtcp", to: Transport, bytes: Uint8Array): Promise<void> {
    const at = kind === "rtp" ? 0 : 1;
    await this.#sockets[at].send(bytes, {
      transport: "udp",
      hostname: "127.0.0.1",
      port: to.serverPort![at],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await Promise.all(this.#loops);
  }
}

function bind(): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
}

async function receive(socket: Deno.DatagramConn, inbox: Inbox<Uint8Array<ArrayBuffer>>): Promise<void> {
  try {
    for await (const [bytes] of socket) inbox.push(Uint8Array.from(bytes));
  } finally {
    inbox.end();
  }
}

/** A publisher over TCP: section `i` on channel `2 * i`. */
export async function publish(
  server: TestServer,
  path: string,
  sdp: string = twoTracks,
  connect = RtspClient.connect,
): Promise<RtspClient> {
  const client = await connect(server);
  const url = server.url(path);
  await client.expect("ANNOUNCE", url, sdpType, sdp);
  const count = sdp.split("m=").length - 1;
  for (let i = 0; i < count; i++) {
    await client.setup(
      `${url}/streamid=${i}`,
      `RTP/AVP/TCP;unicast;interleaved=${2 * i}-${2 * i + 1};mode=record`,
    );
  }
  await client.expect("RECORD", url);
  return client;
}

/** A reader over TCP of the sections given, on the channels that the server chooses. Has not played yet. */
export async function prepare(
  server: TestServer,
  path: string,
  sections: readonly number[] = [0, 1],
): Promise<RtspClient> {
  const client = await RtspClient.connect(server);
  for (const i of sections) await client.setup(`${server.url(path)}/trackID=${i}`, "RTP/AVP/TCP;unicast");
  return client;
}

export async function read(
  server: TestServer,
  path: string,
  sections: readonly number[] = [0, 1],
): Promise<RtspClient> {
  const client = await prepare(server, path, sections);
  await client.expect("PLAY", server.url(path));
  return client;
}

/** The answer to a request that the server has handled proves that it has handled what came before. */
export async function settled(client: RtspClient, url: string): Promise<void> {
  equal((await client.request("GET_PARAMETER", url)).status, 200);
}
