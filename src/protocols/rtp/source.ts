/**
 * RTP that comes without anybody asking for it, described by the key `rtpSDP`. RTCP is not listened to, so senders' clocks
 * stay unknown and frames have the time of their arrival.
 *
 * Who closes whom: the pull's signal closes the socket, which ends the loop that reads from it.
 */
import { ParseError, UserError } from "../../base/errors.ts";
import { parseUdpInputUrl, receiveUdpInput } from "../../net/udp/input.ts";
import { parseUnixInputUrl, readUnixInput } from "../../net/unix_input.ts";
import type { Pull } from "../../paths/mod.ts";
import { isRtcp } from "../../rtp/rtcp/compound.ts";
import { type DescribedMedia, mediasFromSdp } from "../../sdp/medias.ts";
import { parseSdp } from "../../sdp/parse.ts";
import { mpegtsFormat, RtpReception } from "../../stream/rtp_reception.ts";

/** `udp+rtp://` and `unix+rtp://`: receives until the pull ends. */
export function pullRtp(pull: Pull): Promise<void> {
  return /^unix\+/i.test(pull.url) ? receiveUnix(pull) : receiveUdp(pull);
}

/** Payload types are the only thing that tells packets apart: all sections share one port. */
function describe(sdp: string): { medias: DescribedMedia[]; sections: Map<number, number> } {
  const medias = readSdp(sdp).filter((media) => !media.isBackChannel);
  if (medias.some(({ profile }) => profile === "SAVP")) {
    throw new UserError("rtpSDP: encrypted media (SAVP) cannot be received");
  }
  const sections = new Map<number, number>();
  medias.forEach(({ formats }, index) => {
    for (const { payloadType } of formats) {
      if (sections.has(payloadType)) {
        throw new UserError(`rtpSDP: payload type ${payloadType} is there twice`);
      }
      sections.set(payloadType, index);
    }
  });
  return { medias, sections };
}

function readSdp(sdp: string): DescribedMedia[] {
  try {
    return mediasFromSdp(parseSdp(sdp));
  } catch (error) {
    if (error instanceof ParseError) throw new UserError(`rtpSDP: ${error.message}`);
    throw error;
  }
}

/** Packets into the path's stream, which begins with the first of them. */
class Feed {
  readonly #medias: readonly DescribedMedia[];
  readonly #sections: ReadonlyMap<number, number>;
  readonly #abort = new AbortController();
  #reception: RtpReception | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** Throws UserError. */
  constructor(private readonly pull: Pull) {
    const { medias, sections } = describe(pull.pathConf.rtpSDP);
    this.#medias = medias;
    this.#sections = sections;
  }

  write(bytes: Uint8Array, now: number): void {
    // Senders that multiplex both on one port (RFC 5761).
    if (bytes.length < 2 || isRtcp(bytes)) return;
    this.pull.received();
    this.#reception ??= this.#begin();
    const section = this.#sections.get(bytes[1] & 0x7f);
    if (section !== undefined) return this.#reception.receiveRtp(section, bytes, now);
    const reason = `${bytes[1] & 0x7f} is not in rtpSDP`;
    this.#reception.reportError(new ParseError("RTP payload type", reason), now);
  }

  #begin(): RtpReception {
    const { pull } = this;
    const options = { logger: pull.logger, reorder: true };
    const demuxed = pull.pathConf.rtspDemuxMpegts ? mpegtsFormat(this.#medias) : null;
    if (demuxed === null) {
      const { stream } = pull.attach(this.#medias);
      return RtpReception.intoStream(stream, { ...options, useAbsoluteTimestamp: false });
    }
    return RtpReception.intoDemuxer(demuxed, {
      ...options,
      open: (medias) => new Promise((resolve) => resolve(pull.attach(medias).stream)),
      onFailure: (error) => {
        this.#failure ??= { error };
        this.#abort.abort();
      },
    });
  }

  flush(now: number): void {
    this.#reception?.flush(now);
  }

  /** Reads until the pull ends, the stream cannot go on, or there is no more to read. */
  async follow(read: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await read(AbortSignal.any([this.pull.signal, this.#abort.signal]));
    } finally {
      this.#reception?.close(Date.now());
    }
    if (this.#failure !== null) throw this.#failure.error;
  }
}

async function receiveUdp(pull: Pull): Promise<void> {
  const { conf, pathConf } = pull;
  const feed = new Feed(pull);
  const options = {
    readBufferSize: pathConf.rtpUDPReadBufferSize ?? conf.udpReadBufferSize,
    fastPath: conf.udpFastPath,
  };
  await feed.follow((signal) =>
    receiveUdpInput(parseUdpInputUrl(pull.url), options, signal, (packets) => {
      const now = Date.now();
      for (const { bytes } of packets) feed.write(bytes, now);
      feed.flush(now);
    })
  );
}

/** Each read is taken for one packet: nothing else marks where one ends. */
async function receiveUnix(pull: Pull): Promise<void> {
  const feed = new Feed(pull);
  const read = (bytes: Uint8Array) => {
    const now = Date.now();
    // Packets are kept until their unit is whole.
    feed.write(bytes.slice(), now);
    feed.flush(now);
  };
  await feed.follow((signal) => readUnixInput(parseUnixInputUrl(pull.url), { read }, signal));
}
