/** Packets with bytes between them: M2TS and Reed-Solomon code. */
import { concat } from "../../../src/base/bytes.ts";
import { MpegtsDemuxer } from "../../../src/containers/mpegts/demuxer.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { equal, ok } from "../../support/assert.ts";
import { fuzz, fuzzRuns } from "../../support/fuzz.ts";
import { Random } from "../../support/random.ts";
import { codecs, demux, errorsOf, muxable, randomUnits, unitsOf, writeAll } from "./media.ts";

function stream(random: Random, count = 20): Uint8Array {
  const tracks = Array.from({ length: 1 + random.int(3) }, () => ({ codec: codecs[random.pick(muxable)] }));
  return writeAll(new MpegtsMuxer(tracks), randomUnits(random, tracks, count, 90_000));
}

/** Each packet in the form that the medium has. */
type Form = (packet: Uint8Array, index: number, random: Random) => Uint8Array;

const forms: Readonly<Record<string, Form>> = {
  // 30 bits of a clock with 27 MHz; here of 1 Mbit/s.
  "M2TS (192 bytes)": (packet, index) => {
    const out = new Uint8Array(192);
    new DataView(out.buffer).setUint32(0, index * 40_608 & 0x3fff_ffff);
    out.set(packet, 4);
    return out;
  },
  "with Reed-Solomon code (204 bytes)": (packet, _, random) => concat([packet, random.bytes(16)]),
};

function inForm(bytes: Uint8Array, form: Form, random: Random): Uint8Array[] {
  return Array.from(
    { length: bytes.length / 188 },
    (_, i) => form(bytes.subarray(i * 188, i * 188 + 188), i, random),
  );
}

for (const [name, form] of Object.entries(forms)) {
  Deno.test(`packets ${name}: the same comes out as of plain ones, however they are cut`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new Random(seed);
      const plain = stream(random);
      const expected = demux(plain);
      equal(errorsOf(expected), []);
      equal(demux(concat(inForm(plain, form, random)), random, random.pick([3, 300, 3000])), expected);
    }
  });

  Deno.test(`packets ${name}: found again after bytes were lost`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new Random(seed);
      const plain = stream(random, 60);
      const packets = inForm(plain, form, random);
      const hit = packets.length >> 2;
      packets[hit] = packets[hit].subarray(1 + random.int(packets[hit].length - 1));
      const [expected, events] = [demux(plain), demux(concat(packets), random)];
      ok(errorsOf(events).length > 0);
      equal(unitsOf(events).slice(-15), unitsOf(expected).slice(-15));
    }
  });

  Deno.test(`packets ${name}: as datagrams, some of which are lost`, () => {
    const random = new Random(5);
    const plain = stream(random, 60);
    const packets = inForm(plain, form, random);
    const demuxer = new MpegtsDemuxer();
    const events = [];
    for (let at = 0; at < packets.length; at += 7) {
      if (at > packets.length / 4 && at < packets.length / 2 && random.int(3) === 0) continue;
      events.push(...demuxer.push(concat(packets.slice(at, at + 7))));
    }
    events.push(...demuxer.flush());
    equal(unitsOf(events).slice(-15), unitsOf(demux(plain)).slice(-15));
    equal(errorsOf(events).filter((text) => /synchronization/.test(text)), []);
  });

  Deno.test(`packets ${name}: whatever the bytes, the demuxer throws nothing`, () => {
    const seeds = Array.from({ length: 6 }, (_, i) => {
      const random = new Random(i + 1);
      return concat(inForm(stream(random, 2), form, random)).subarray(0, 6000);
    });
    fuzz("demuxer", seeds, (bytes) => void demux(bytes), Math.ceil(fuzzRuns / 8));
  });
}
