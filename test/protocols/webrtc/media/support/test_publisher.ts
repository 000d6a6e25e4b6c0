import type { NegotiatedMedia } from "../../../../../src/protocols/webrtc/contracts.ts";
import { WebrtcReceiver } from "../../../../../src/protocols/webrtc/media/mod.ts";
import type { RtpMedia } from "../../../../../src/rtp/format.ts";
import { buildRtpPacket, rtpHeaderSize } from "../../../../../src/rtp/packet.ts";
import { parseRtcp, type RtcpMessage, serializeRtcp } from "../../../../../src/rtp/rtcp/compound.ts";
import { createSrtpReceiver, createSrtpSender } from "../../../../../src/rtp/srtp/mod.ts";
import type { Stream } from "../../../../../src/stream/stream.ts";
import type { Unit } from "../../../../../src/stream/unit.ts";
import { concat } from "../../../../../src/base/bytes.ts";
import { recordLog } from "../../../../stream/support.ts";
import { createStream, peerKeys, serverKeys, split, start } from "./media.ts";
import { crypto } from "./test_reader.ts";

export interface PacketFields {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker?: boolean;
  /** Elements of the header extension, by id. */
  readonly extensions?: Readonly<Record<number, Uint8Array>>;
}

/** With a header extension in the one-byte form (RFC 8285 §4.2). */
export function rtp(fields: PacketFields, payload: Uint8Array): Uint8Array {
  const { bytes } = buildRtpPacket({ marker: true, ...fields }, [payload]);
  if (fields.extensions === undefined) return bytes;
  const elements = Object.entries(fields.extensions).flatMap(([id, data]) => [
    Uint8Array.of(Number(id) << 4 | data.length - 1),
    data,
  ]);
  const size = elements.reduce((sum, { length }) => sum + length, 0);
  const padded = (size + 3) & ~3;
  const header = bytes.slice(0, rtpHeaderSize);
  header[0] |= 0x10;
  const extension = concat([
    Uint8Array.of(0xbe, 0xde, 0, padded / 4),
    ...elements,
    new Uint8Array(padded - size),
  ]);
  return concat([header, extension, payload]);
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A browser that publishes: encrypts what the test gives it and decrypts what comes back. Close it. */
export class TestPublisher implements Disposable {
  readonly receiver: WebrtcReceiver;
  readonly units: Unit[] = [];
  readonly rtcp: RtcpMessage[] = [];
  readonly errors: string[] = [];
  readonly log: string[];
  tracks: readonly RtpMedia[] = [];
  stream: Stream | null = null;
  now = start;
  #attach: boolean;
  #sender = createSrtpSender({ profile: peerKeys.profile, ...peerKeys.local, crypto });
  #srtp = createSrtpReceiver({ profile: peerKeys.profile, ...peerKeys.remote, crypto });

  constructor(
    medias: readonly NegotiatedMedia[],
    private readonly options: { attach?: boolean; fanoutKey?: string; useAbsoluteTimestamp?: boolean } = {},
  ) {
    this.#attach = options.attach ?? true;
    const { lines, logger } = recordLog();
    this.log = lines;
    this.receiver = new WebrtcReceiver({
      medias,
      keys: serverKeys,
      crypto,
      logger,
      gatherTimeoutMs: 2000,
      send: (batch) => {
        for (const bytes of split(batch)) {
          const result = this.#srtp.unprotectRtcp(bytes);
          if (result.kind === "ok") this.rtcp.push(...parseRtcp(result.bytes));
        }
      },
      onTracks: (tracks) => {
        this.tracks = tracks;
        if (this.#attach) this.attach();
      },
      onError: (reason) => void this.errors.push(reason),
    });
  }

  attach(): void {
    const { stream } = createStream(this.tracks);
    this.stream = stream;
    const { fanoutKey = "webrtc", useAbsoluteTimestamp = false } = this.options;
    stream.fanout(fanoutKey, () => ({ write: (units) => void this.units.push(...units), close() {} }));
    this.receiver.attach({ stream, useAbsoluteTimestamp }, this.now);
  }

  protect(packet: Uint8Array): Uint8Array {
    return this.#sender.protect({ bytes: packet, sizes: [packet.length] }).bytes.slice();
  }

  /** Packets that arrive together. */
  send(...packets: readonly Uint8Array[]): void {
    this.receiver.receive(packets.map((packet) => this.protect(packet)), this.now);
  }

  sendRtcp(...messages: readonly RtcpMessage[]): void {
    this.receiver.receive([this.protectRtcp(serializeRtcp(messages))], this.now);
  }

  protectRtcp(packet: Uint8Array): Uint8Array {
    return this.#sender.protectRtcp(packet);
  }

  /** Lets time go by. */
  wait(ms: number): void {
    for (let passed = 0; passed < ms; passed += 20) {
      this.now += 20;
      this.receiver.tick(this.now);
    }
  }

  /** Messages of one kind since the last call. */
  take<K extends RtcpMessage["kind"]>(kind: K): Extract<RtcpMessage, { kind: K }>[] {
    const found = this.rtcp.filter((message): message is Extract<RtcpMessage, { kind: K }> =>
      message.kind === kind
    );
    this.rtcp.length = 0;
    return found;
  }

  [Symbol.dispose](): void {
    this.receiver.close();
    this.#srtp.close();
    this.#sender.close();
  }
}
