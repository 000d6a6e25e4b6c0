import { silentLogger } from "../../../src/base/logger.ts";
import type { RtspContext } from "../../../src/protocols/rtsp/context.ts";
import { StreamStates } from "../../../src/protocols/rtsp/stream_state.ts";
import { createSrtpReceiver, portableCrypto, srtpProfiles } from "../../../src/rtp/srtp/mod.ts";
import { Sink } from "../../../src/stream/sink.ts";
import { Stream } from "../../../src/stream/stream.ts";
import { Unit } from "../../../src/stream/unit.ts";
import { equal } from "../../support/assert.ts";
import { medias, nal, packet } from "../../stream/support.ts";

const interleavedHeader = 4;

/** What one RTSPS server has of a context. */
function server(): Pick<RtspContext, "secure" | "srtpCrypto" | "multicast"> {
  return { secure: true, srtpCrypto: portableCrypto, multicast: null };
}

Deno.test("a server that is started anew tells the keys that a stream is encrypted with", () => {
  const stream = new Stream({ medias, logger: silentLogger, gopCache: false, maxRtpPayload: 1000 });
  const first = new StreamStates().of(server(), stream);
  const second = new StreamStates().of(server(), stream);
  equal(first.keys!.length, 2);
  const written: Uint8Array[] = [];
  const target = {
    tryWrite: (bytes: Uint8Array) => {
      written.push(bytes);
      return bytes.length;
    },
    write: () => Promise.resolve(),
  };
  const limits = { maxBytes: 1000, maxChunks: 10, maxAgeMs: 1000 };
  const sink = new Sink(target, limits, () => {}, () => {}, () => 0);
  const seat = second.fanout.addInterleaved([0, -1], true, sink, [], 0);
  const payload = nal(5);
  stream.write([Unit.fromPackets(stream.tracks[0], 0, 0, [packet(1, 0, payload)])], 0);
  const { masterKey, masterSalt } = second.keys![0].key;
  const profile = srtpProfiles.aes128CounterSha1Tag80;
  const receiver = createSrtpReceiver({ profile, key: masterKey, salt: masterSalt, crypto: portableCrypto });
  const result = receiver.unprotect(written[0].slice(interleavedHeader));
  equal(result.kind === "refused" ? result.reason : result.bytes.slice(-payload.length), payload);
  receiver.close();
  seat.leave();
  stream.close();
});
