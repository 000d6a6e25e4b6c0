import { fastPacketCrypto } from "../../../../../src/net/packet_crypto.ts";
import type { PacketBatch } from "../../../../../src/net/udp/socket.ts";
import type { NegotiatedMedia } from "../../../../../src/protocols/webrtc/contracts.ts";
import { WebrtcFanout, type WebrtcReader } from "../../../../../src/protocols/webrtc/media/mod.ts";
import { parseRtpPacket, type RtpPacket } from "../../../../../src/rtp/packet.ts";
import { isRtcp, parseRtcp, type RtcpMessage, serializeRtcp } from "../../../../../src/rtp/rtcp/compound.ts";
import { createSrtpReceiver, createSrtpSender, portableCrypto } from "../../../../../src/rtp/srtp/mod.ts";
import type { Stream } from "../../../../../src/stream/stream.ts";
import { recordLog } from "../../../../stream/support.ts";
import { peerKeys, serverKeys, split, start } from "./media.ts";

export const crypto = fastPacketCrypto ?? portableCrypto;

/** A player: decrypts what the fanout sends to it. Close it. */
export class TestReader implements Disposable {
  readonly batches: PacketBatch[] = [];
  readonly packets: RtpPacket[] = [];
  /** As they were on the wire. */
  readonly wire: Uint8Array[] = [];
  readonly rtcp: RtcpMessage[] = [];
  readonly errors: string[] = [];
  readonly data: Uint8Array[] = [];
  readonly refused: string[] = [];
  readonly fanout: WebrtcFanout;
  readonly reader: WebrtcReader;
  readonly log: string[];
  #srtp = createSrtpReceiver({ profile: peerKeys.profile, ...peerKeys.remote, crypto });
  #sender = createSrtpSender({ profile: peerKeys.profile, ...peerKeys.local, crypto });

  constructor(stream: Stream, medias: readonly NegotiatedMedia[], now = start) {
    const { logger, lines } = recordLog();
    this.log = lines;
    this.fanout = stream.fanout("webrtc", () => new WebrtcFanout(stream, logger));
    this.reader = this.fanout.addReader({
      medias,
      keys: serverKeys,
      crypto,
      room: (size) => new Uint8Array(size),
      send: (batch) => this.#take(batch),
      onData: (bytes) => void this.data.push(bytes),
      onError: (reason) => void this.errors.push(reason),
    }, now);
  }

  #take(batch: PacketBatch): void {
    this.batches.push(batch);
    for (const bytes of split(batch)) {
      if (isRtcp(bytes)) {
        const result = this.#srtp.unprotectRtcp(bytes);
        if (result.kind === "ok") this.rtcp.push(...parseRtcp(result.bytes));
        else this.refused.push(result.reason);
        continue;
      }
      this.wire.push(bytes.slice());
      const result = this.#srtp.unprotect(bytes);
      if (result.kind === "ok") this.packets.push(parseRtpPacket(result.bytes));
      else this.refused.push(result.reason);
    }
  }

  get sequences(): number[] {
    return this.packets.map(({ sequence }) => sequence);
  }

  send(messages: readonly RtcpMessage[], now: number): void {
    this.sendRaw(serializeRtcp(messages), now);
  }

  sendRaw(rtcp: Uint8Array, now: number): void {
    this.reader.receive([this.#sender.protectRtcp(rtcp)], now);
  }

  /** Asks for packets of the first track again. */
  nack(sequences: readonly number[], now: number): void {
    this.send([{ kind: "nack", senderSsrc: 1, mediaSsrc: this.fanout.trackSender(0).ssrc, sequences }], now);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.#srtp.close();
    this.#sender.close();
  }
}
