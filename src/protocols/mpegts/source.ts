/**
 * MPEG-TS that comes without anybody asking for it.
 *
 * Who closes whom: the pull's signal closes the socket, which ends the loop that reads from it; a stream that cannot go on
 * does the same.
 */
import { longPacketSize, packetSize, syncByte } from "../../containers/mpegts/wire/packet.ts";
import { parseUdpInputUrl, receiveUdpInput } from "../../net/udp/input.ts";
import { parseUnixInputUrl, readUnixInput } from "../../net/unix_input.ts";
import type { Pull } from "../../paths/mod.ts";
import { MpegtsIngest } from "../../stream/mpegts_ingest.ts";

/** `udp+mpegts://`, `udp://` and `unix+mpegts://`: receives until the pull ends. */
export function pullMpegts(pull: Pull): Promise<void> {
  return /^unix\+/i.test(pull.url) ? receiveUnix(pull) : receiveUdp(pull);
}

async function receiveUdp(pull: Pull): Promise<void> {
  const { conf, pathConf } = pull;
  const feed = new Feed(pull);
  const options = {
    readBufferSize: pathConf.mpegtsUDPReadBufferSize ?? conf.udpReadBufferSize,
    fastPath: conf.udpFastPath,
  };
  await feed.follow((signal) =>
    receiveUdpInput(parseUdpInputUrl(pull.url), options, signal, (packets) => {
      const now = Date.now();
      for (const { bytes } of packets) feed.write(transportPart(bytes), now);
    })
  );
}

/** A datagram may also carry MPEG-TS inside of RTP (RFC 2250 §2), as encoders with a UDP output like to do. */
function transportPart(bytes: Uint8Array): Uint8Array {
  const rtpHeaderSize = 12;
  const isRtp = bytes[0] !== syncByte && bytes[0] >> 6 === 2 && bytes[rtpHeaderSize] === syncByte &&
    (bytes.length - rtpHeaderSize) % packetSize === 0;
  return isRtp ? bytes.subarray(rtpHeaderSize) : withoutTrailer(bytes);
}

/** Some senders put bytes of their own behind the packets, which would be taken for the start of the next one. */
function withoutTrailer(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - bytes.length % packetSize;
  // Where there are bytes behind each packet, they are left out with all others between packets.
  const isPlain = end === packetSize ? bytes.length !== longPacketSize : bytes[packetSize] === syncByte;
  const hasTrailer = isPlain && bytes[0] === syncByte && end > 0 && end < bytes.length &&
    bytes[end] !== syncByte;
  return hasTrailer ? bytes.subarray(0, end) : bytes;
}

async function receiveUnix(pull: Pull): Promise<void> {
  const feed = new Feed(pull);
  const read = (bytes: Uint8Array) => feed.write(bytes, Date.now());
  await feed.follow((signal) => readUnixInput(parseUnixInputUrl(pull.url), { read }, signal));
}

/** Bytes into the path's stream. */
class Feed {
  readonly #ingest: MpegtsIngest;
  readonly #abort = new AbortController();
  #failure: { readonly error: unknown } | null = null;

  constructor(private readonly pull: Pull) {
    this.#ingest = new MpegtsIngest({
      logger: pull.logger,
      open: (medias) => new Promise((resolve) => resolve(pull.attach(medias).stream)),
      onFailure: (error) => {
        this.#failure ??= { error };
        this.#abort.abort();
      },
    });
  }

  write(bytes: Uint8Array, now: number): void {
    // Noise shall not keep a source waiting for ever.
    if (this.#ingest.write(bytes, now)) this.pull.received();
  }

  /** Reads until the pull ends, the stream cannot go on, or there is no more to read. */
  async follow(read: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await read(AbortSignal.any([this.pull.signal, this.#abort.signal]));
    } finally {
      this.#ingest.close();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }
}
