/** Lost, repeated and damaged packets: what comes out whole was sent like that. */
import { concat } from "../../../src/base/bytes.ts";
import { MpegtsMuxer } from "../../../src/containers/mpegts/muxer.ts";
import { equal, ok } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";
import { codecs, demux, errorsOf, muxable, randomUnits, type SentUnit, unitsOf, writeAll } from "./media.ts";

function packetsOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 188 }, (_, i) => bytes.slice(i * 188, i * 188 + 188));
}

interface Sent {
  readonly tracks: readonly { readonly codec: (typeof codecs)[keyof typeof codecs] }[];
  readonly units: readonly SentUnit[];
  readonly packets: readonly Uint8Array[];
}

function send(random: Random): Sent {
  const tracks = Array.from({ length: 1 + random.int(4) }, () => ({ codec: codecs[random.pick(muxable)] }));
  const units = randomUnits(random, tracks, 40, 90_000);
  return { tracks, units, packets: packetsOf(writeAll(new MpegtsMuxer(tracks), units)) };
}

/** A character for each byte: hexadecimal would take most of the time here. */
const bytesAsText = new TextDecoder("latin1");

function key(payload: readonly Uint8Array[], pts: number): string {
  return `${pts} ${payload.map((part) => `${part.length} ${bytesAsText.decode(part)}`).join(" ")}`;
}

/** Returns how many units are missing. */
function checkReceived({ tracks, units }: Sent, packets: readonly Uint8Array[], random: Random): number {
  const events = demux(concat(packets), random, 3000);
  let missing = 0;
  tracks.forEach((track, i) => {
    const own = units.filter((unit) => unit.track === track);
    const known = new Set(own.map(({ payload, pts }) => key(payload, pts)));
    const received = unitsOf(events, i + 1);
    for (const { payload, pts } of received) {
      ok(known.has(key(payload, pts)), `${track.codec.name}: a unit at ${pts} was not sent like this`);
    }
    const distinct = new Set(received.map(({ payload, pts }) => key(payload, pts)));
    equal(distinct.size, received.length, "no unit comes twice");
    missing += own.length - received.length;
    // The second half is undamaged.
    equal(received.slice(-15).map(({ pts }) => pts), own.slice(-15).map(({ pts }) => pts));
  });
  ok(missing === 0 || errorsOf(events).length > 0);
  return missing;
}

type Damage = (packet: Uint8Array, random: Random) => Uint8Array[];

const damages: Readonly<Record<string, Damage>> = {
  "lost": () => [],
  "sent again a packet later": (packet) => [packet, packet, packet],
  "without sync byte": (packet) => [packet.with(0, 0x46) as Uint8Array],
  "of another PID": (packet) => [packet.with(1, packet[1] & 0xe0 | 5) as Uint8Array],
  "with another counter": (packet, random) => [
    packet.with(3, packet[3] & 0xf0 | (packet[3] + 1 + random.int(15)) & 15) as Uint8Array,
  ],
  "marked as damaged": (packet) => [packet.with(1, packet[1] | 0x80) as Uint8Array],
  "cut short": (packet, random) => [packet.subarray(0, random.int(188))],
  "with bytes between": (packet, random) => [packet, random.bytes(1 + random.int(300))],
};

for (const [name, damage] of Object.entries(damages)) {
  Deno.test(`packets ${name}: no broken unit comes out, and those after it do`, () => {
    let missing = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const sent = send(random);
      // Tables and first frames are needed: see the other tests.
      const from = Math.min(40, sent.packets.length >> 2);
      const until = sent.packets.length >> 1;
      const packets = sent.packets.flatMap((packet, i) =>
        i >= from && i < until && random.int(20) === 0 ? damage(packet, random) : [packet]
      );
      missing += checkReceived(sent, packets, random);
    }
    ok(missing > 0 || name.startsWith("sent again"));
  });
}

Deno.test("a packet that is sent twice changes nothing", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const random = new Random(seed);
    const sent = send(random);
    const packets = sent.packets.flatMap((packet) => random.int(3) === 0 ? [packet, packet] : [packet]);
    const events = demux(concat(packets));
    equal(errorsOf(events), []);
    equal(unitsOf(events).length, sent.units.length);
  }
});

Deno.test("neighbouring packets that change places cost units and break none", () => {
  const random = new Random(9);
  const sent = send(random);
  const packets = [...sent.packets];
  for (let i = 40; i < packets.length >> 1; i += 1 + random.int(40)) {
    [packets[i], packets[i + 1]] = [packets[i + 1], packets[i]];
  }
  checkReceived(sent, packets, random);
});

Deno.test("fifteen lost packets in a row, after which the counter repeats, are noticed by the content", () => {
  const track = { codec: codecs.H264 };
  const muxer = new MpegtsMuxer([track]);
  const nal = new Random(1).bytes(10_000).map((byte) => byte | 0x41);
  const frames = [0, 1, 2].map((i) => packetsOf(muxer.write(track, [nal], i * 3600, i * 3600, false)));
  frames[1].splice(10, 15);
  const events = demux(concat(frames.flat()));
  equal(unitsOf(events).map(({ pts }) => pts), [0, 7200]);
  equal(errorsOf(events), ["track 1 (H264): packets are lost"]);
});

function sizedFrames(size: number): Uint8Array[][] {
  const track = { codec: codecs.H264 };
  const muxer = new MpegtsMuxer([track]);
  const nal = new Random(1).bytes(size).map((byte) => byte | 0x41);
  return [0, 1, 2].map((i) => packetsOf(muxer.write(track, [nal], i * 3600, i * 3600, false)));
}

Deno.test("sixteen lost packets in a row, after which the counter goes on, are noticed by the size", () => {
  const frames = sizedFrames(10_000);
  frames[1].splice(10, 16);
  const events = demux(concat(frames.flat()));
  equal(unitsOf(events).map(({ pts }) => pts), [0, 7200]);
  equal(errorsOf(events), [`track 1 (H264): ${16 * 184} bytes of a PES packet are missing`]);
});

Deno.test("sixteen skipped packets, after which the counter goes on, are noticed where no size is told", () => {
  const frames = sizedFrames(80_000);
  // Fifteen, and the one in front of them: nothing shows that it is whole.
  for (let i = 10; i < 25; i++) frames[1][i][0] = 0;
  const events = demux(concat(frames.flat()));
  equal(unitsOf(events).map(({ pts }) => pts), [0, 7200]);
  equal(errorsOf(events), [
    `synchronization was lost: ${16 * 188} bytes are skipped`,
    "track 1 (H264): an interruption in a PES packet",
  ]);
});
